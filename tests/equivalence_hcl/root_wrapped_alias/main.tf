provider "aws" {
  region = "us-east-1"
}
provider "aws" {
  alias  = "eu"
  region = "eu-west-1"
}
module "w" {
  source    = "./w"
  providers = { aws = aws.eu }
}

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

locals { regions = { virginia = "us-east-1", frankfurt = "eu-central-1" } }
provider "aws" { region = local.regions.virginia }
provider "aws" {
  alias  = "frankfurt"
  region = local.regions["frankfurt"]
}
provider "aws" {
  alias  = "tokyo"
  region = "ap-${"northeast"}-1"
}
module "home" {
  source = "./pair"
  name   = "home"
  providers = {
    aws         = aws
    aws.replica = aws.frankfurt
  }
}
module "asia" {
  source = "./pair"
  name   = "asia"
  providers = {
    aws         = aws.tokyo
    aws.replica = aws
  }
}
resource "aws_sagemaker_endpoint" "direct" {
  provider             = aws.tokyo
  name                 = "direct"
  endpoint_config_name = module.asia.configuration
}

region      = "us-east-1"
environment = "prod"
capacity    = [3, 12]
instance = {
  type  = "ml.g5.2xlarge"
  count = "4" # converted
}

region      = "eu-central-1"
environment = "dev"
instance    = { type = "ml.m5.large", count = 1 }

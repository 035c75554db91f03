terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.100" }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "role" {
  default = "arn:aws:iam::123456789012:role/batch"
}

# Every night a state machine scores a sample, or everything where its input says so.

resource "aws_sfn_state_machine" "nightly" {
  name     = "churn-nightly-prod"
  role_arn = var.role
  tags     = { Team = "churn" }
  definition = jsonencode({
    StartAt = "HowMuch"
    States = {
      HowMuch = {
        Type    = "Choice"
        Choices = [{ Variable = "$.full", BooleanEquals = true, Next = "All" }]
        Default = "Sample"
      }
      Sample = {
        Type           = "Task"
        Resource       = "arn:aws:states:::sagemaker:createTransformJob.sync"
        TimeoutSeconds = 3600
        Parameters = {
          "TransformJobName.$" = "$$.Execution.Name"
          ModelName            = "churn"
          TransformResources   = { InstanceType = "ml.m5.large", InstanceCount = 1 }
        }
        End = true
      }
      All = {
        Type           = "Task"
        Resource       = "arn:aws:states:::sagemaker:createTransformJob.sync"
        TimeoutSeconds = 3600
        Retry          = [{ ErrorEquals = ["States.TaskFailed"], MaxAttempts = 1 }]
        Parameters = {
          "TransformJobName.$" = "States.Format('{}-{}', $$.Execution.Name, $$.State.RetryCount)"
          ModelName            = "churn"
          TransformResources   = { InstanceType = "ml.m5.xlarge", "InstanceCount.$" = "$.machines" }
        }
        End = true
      }
    }
  })
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "churn-nightly"
  schedule_expression = "cron(0 2 * * ? *)"
}

resource "aws_cloudwatch_event_target" "nightly" {
  rule     = aws_cloudwatch_event_rule.nightly.name
  arn      = aws_sfn_state_machine.nightly.arn
  role_arn = var.role
  input    = jsonencode({ machines = 2 })
}

# Every week a pipeline with four machines in place of its default, unless its cache has the result.

resource "aws_sagemaker_pipeline" "weekly" {
  pipeline_name         = "churn-weekly"
  pipeline_display_name = "churn-weekly"
  role_arn              = var.role
  tags                  = { Team = "churn" }
  pipeline_definition = jsonencode({
    Version    = "2020-12-01"
    Parameters = [{ Name = "Machines", Type = "Integer", DefaultValue = 1 }]
    Steps = [{
      Name        = "Score"
      Type        = "Transform"
      CacheConfig = { Enabled = true, ExpireAfter = "P7D" }
      Arguments = {
        ModelName          = "churn"
        TransformResources = { InstanceType = "ml.c5.xlarge", InstanceCount = { Get = "Parameters.Machines" } }
      }
    }]
  })
}

resource "aws_scheduler_schedule" "weekly" {
  name                = "churn-weekly"
  schedule_expression = "rate(7 days)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_sagemaker_pipeline.weekly.arn
    role_arn = var.role
    sagemaker_pipeline_parameters {
      pipeline_parameter {
        name  = "Machines"
        value = "4"
      }
    }
  }
}

# On the first of each month EventBridge Scheduler calls the API itself.

resource "aws_scheduler_schedule" "monthly" {
  name                = "churn-monthly"
  schedule_expression = "cron(0 4 1 * ? *)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = "arn:aws:scheduler:::aws-sdk:sagemaker:createTransformJob"
    role_arn = var.role
    input = jsonencode({
      TransformJobName   = "churn-<aws.scheduler.execution-id>"
      ModelName          = "churn"
      TransformResources = { InstanceType = "ml.c5.2xlarge", InstanceCount = 3 }
      Tags               = [{ Key = "Team", Value = "churn" }]
    })
  }
}

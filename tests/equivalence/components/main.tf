terraform {
  required_providers {
    awscc = {
      source = "hashicorp/awscc"
    }
  }
}

provider "awscc" {
  region = "eu-central-1"
}

resource "awscc_sagemaker_model" "this" {
  execution_role_arn = "arn:aws:iam::111122223333:role/sagemaker"
  primary_container = {
    image = "763104351884.dkr.ecr.eu-central-1.amazonaws.com/huggingface-pytorch-inference:2.1.0-cpu-py310"
  }
}

resource "awscc_sagemaker_endpoint_config" "this" {
  execution_role_arn = "arn:aws:iam::111122223333:role/sagemaker"
  production_variants = [{
    variant_name             = "hosts"
    instance_type            = "ml.g5.12xlarge"
    initial_instance_count   = 1
    managed_instance_scaling = { status = "ENABLED", min_instance_count = 0, max_instance_count = 3 }
  }]
}

resource "awscc_sagemaker_endpoint" "this" {
  endpoint_name        = "llm"
  endpoint_config_name = awscc_sagemaker_endpoint_config.this.endpoint_config_name
}

resource "awscc_sagemaker_inference_component" "this" {
  inference_component_name = "chat"
  endpoint_name            = awscc_sagemaker_endpoint.this.endpoint_name
  variant_name             = "hosts"
  specification = {
    model_name = awscc_sagemaker_model.this.model_name
    compute_resource_requirements = {
      number_of_accelerator_devices_required = 2
      min_memory_required_in_mb              = 32768
    }
  }
  runtime_config = { copy_count = 1 }
}

resource "awscc_applicationautoscaling_scalable_target" "this" {
  service_namespace  = "sagemaker"
  resource_id        = "inference-component/${awscc_sagemaker_inference_component.this.inference_component_name}"
  scalable_dimension = "sagemaker:inference-component:DesiredCopyCount"
  min_capacity       = 0
  max_capacity       = 6
}

resource "awscc_applicationautoscaling_scaling_policy" "this" {
  policy_name        = "invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = awscc_applicationautoscaling_scalable_target.this.service_namespace
  resource_id        = awscc_applicationautoscaling_scalable_target.this.resource_id
  scalable_dimension = awscc_applicationautoscaling_scalable_target.this.scalable_dimension
  target_tracking_scaling_policy_configuration = {
    target_value = 20
    predefined_metric_specification = {
      predefined_metric_type = "SageMakerInferenceComponentInvocationsPerCopy"
    }
  }
}

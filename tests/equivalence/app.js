// The five stacks as a CDK app: node app.js STACK OUTDIR, with aws-cdk-lib 2.x and constructs installed.
const cdk = require("aws-cdk-lib");
const sm = require("aws-cdk-lib/aws-sagemaker");
const aas = require("aws-cdk-lib/aws-applicationautoscaling");
const cw = require("aws-cdk-lib/aws-cloudwatch");

const [, , which, outdir] = process.argv;
const app = new cdk.App({ outdir, analyticsReporting: false, treeMetadata: false, context: { "aws:cdk:enable-path-metadata": true } });
const stack = new cdk.Stack(app, which, { env: { account: "111122223333", region: "eu-central-1" } });
const model = new sm.CfnModel(stack, "Model", {
  modelName: { realtime: "search", async: "ocr", serverless: "faq", shadow: "ranking" }[which],
  executionRoleArn: "arn:aws:iam::111122223333:role/sagemaker",
  primaryContainer: { image: `763104351884.dkr.ecr.${stack.region}.amazonaws.com/huggingface-pytorch-inference:2.1.0-cpu-py310` },
});

function endpoint(name, config, tags) {
  const configuration = new sm.CfnEndpointConfig(stack, "Config", config);
  return new sm.CfnEndpoint(stack, "Endpoint", { endpointName: name, endpointConfigName: configuration.attrEndpointConfigName, tags });
}

function scaled(resourceId, dimension, minCapacity, maxCapacity) {
  return new aas.ScalableTarget(stack, "Target", {
    serviceNamespace: aas.ServiceNamespace.SAGEMAKER, resourceId, scalableDimension: dimension, minCapacity, maxCapacity });
}

const stacks = {
  realtime() {
    const ep = endpoint("search-prod", {
      productionVariants: [{ variantName: "AllTraffic", modelName: model.attrModelName, instanceType: "ml.m5.xlarge",
        initialInstanceCount: 2, initialVariantWeight: 1, volumeSizeInGb: 20 }],
      dataCaptureConfig: { initialSamplingPercentage: 10, destinationS3Uri: "s3://captured/search", captureOptions: [{ captureMode: "Input" }] },
    }, [{ key: "team", value: "search" }]);
    const target = scaled(`endpoint/${ep.attrEndpointName}/variant/AllTraffic`, "sagemaker:variant:DesiredInstanceCount", 2, 6);
    target.scaleToTrackMetric("Policy", { targetValue: 100, predefinedMetric: aas.PredefinedMetric.SAGEMAKER_VARIANT_INVOCATIONS_PER_INSTANCE });
    target.scaleOnSchedule("Night", { schedule: aas.Schedule.expression("cron(0 20 * * ? *)"), minCapacity: 1, maxCapacity: 2 });
  },
  async() {
    const ep = endpoint("ocr", {
      productionVariants: [{ variantName: "v1", modelName: model.attrModelName, instanceType: "ml.g4dn.xlarge", initialInstanceCount: 1, initialVariantWeight: 1 }],
      asyncInferenceConfig: { outputConfig: { s3OutputPath: "s3://ocr-results/out" }, clientConfig: { maxConcurrentInvocationsPerInstance: 4 } },
    });
    const target = scaled(cdk.Fn.sub("endpoint/${N}/variant/v1", { N: ep.attrEndpointName }), "sagemaker:variant:DesiredInstanceCount", 0, 5);
    const dimensionsMap = { EndpointName: ep.attrEndpointName };
    target.scaleToTrackMetric("Backlog", { targetValue: 5,
      customMetric: new cw.Metric({ namespace: "AWS/SageMaker", metricName: "ApproximateBacklogSizePerInstance", dimensionsMap }) });
    const wake = new aas.CfnScalingPolicy(stack, "Wake", { policyName: "wake", policyType: "StepScaling", scalingTargetId: target.scalableTargetId,
      stepScalingPolicyConfiguration: { adjustmentType: "ChangeInCapacity", metricAggregationType: "Average", cooldown: 300,
        stepAdjustments: [{ metricIntervalLowerBound: 0, scalingAdjustment: 1 }] } });
    new cw.CfnAlarm(stack, "Alarm", { comparisonOperator: "GreaterThanOrEqualToThreshold", evaluationPeriods: 2, period: 60, statistic: "Average",
      threshold: 1, metricName: "HasBacklogWithoutCapacity", namespace: "AWS/SageMaker",
      dimensions: [{ name: "EndpointName", value: ep.attrEndpointName }], alarmActions: [wake.ref] });
  },
  serverless() {
    const ep = endpoint("faq", { productionVariants: [{ variantName: "main", modelName: model.attrModelName, initialVariantWeight: 1,
      serverlessConfig: { memorySizeInMb: 4096, maxConcurrency: 20, provisionedConcurrency: 2 } }] });
    const target = scaled(`endpoint/${ep.attrEndpointName}/variant/main`, "sagemaker:variant:DesiredProvisionedConcurrency", 1, 10);
    target.scaleToTrackMetric("Policy", { targetValue: 0.7, predefinedMetric: aas.PredefinedMetric.SAGEMAKER_VARIANT_PROVISIONED_CONCURRENCY_UTILIZATION });
  },
  shadow() {
    endpoint("ranking", {
      productionVariants: [{ variantName: "prod", modelName: model.attrModelName, instanceType: "ml.c5.4xlarge", initialInstanceCount: 3, initialVariantWeight: 1 }],
      shadowProductionVariants: [{ variantName: "shadow", modelName: model.attrModelName, instanceType: "ml.c5.2xlarge", initialInstanceCount: 1, initialVariantWeight: 0.5 }],
    }, [{ key: "shadow-expires", value: "2027-01-31" }]);
  },
  components() {
    const ep = endpoint("llm", { executionRoleArn: "arn:aws:iam::111122223333:role/sagemaker",
      productionVariants: [{ variantName: "hosts", instanceType: "ml.g5.12xlarge", initialInstanceCount: 1,
        managedInstanceScaling: { status: "ENABLED", minInstanceCount: 0, maxInstanceCount: 3 } }] });
    const component = new sm.CfnInferenceComponent(stack, "Component", { inferenceComponentName: "chat", endpointName: ep.attrEndpointName,
      variantName: "hosts", runtimeConfig: { copyCount: 1 }, specification: { modelName: model.attrModelName,
        computeResourceRequirements: { numberOfAcceleratorDevicesRequired: 2, minMemoryRequiredInMb: 32768 } } });
    const target = scaled(`inference-component/${component.inferenceComponentName}`, "sagemaker:inference-component:DesiredCopyCount", 0, 6);
    target.scaleToTrackMetric("Policy", { targetValue: 20, predefinedMetric: aas.PredefinedMetric.SAGEMAKER_INFERENCE_COMPONENT_INVOCATIONS_PER_COPY });
  },
};
stacks[which]();
app.synth();

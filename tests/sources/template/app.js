// A stage with two stacks, one of them with nested stacks: node app.js OUTDIR, with aws-cdk-lib 2.x and constructs installed.
const cdk = require("aws-cdk-lib");
const sm = require("aws-cdk-lib/aws-sagemaker");
const app = new cdk.App({ outdir: process.argv[2], analyticsReporting: false, treeMetadata: false, context: { "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": process.argv[3] === "asset" } });
const env = { account: "111122223333", region: "us-east-1" };
const stage = new cdk.Stage(app, "Prod", { env });
const base = new cdk.Stack(stage, "Base", { tags: { team: "ml" } });
const size = new cdk.CfnParameter(base, "Size", { default: "ml.m5.xlarge" });
const model = new sm.CfnModel(base, "Model", { modelName: "shared-model", executionRoleArn: "arn:aws:iam::111122223333:role/sagemaker", primaryContainer: { image: "763104351884.dkr.ecr.us-east-1.amazonaws.com/x:1" } });
const config = new sm.CfnEndpointConfig(base, "Config", { productionVariants: [{ variantName: "main", modelName: model.attrModelName, instanceType: size.valueAsString, initialInstanceCount: 2, initialVariantWeight: 1 }] });
const user = new cdk.Stack(stage, "User");
new sm.CfnEndpoint(user, "Endpoint", { endpointName: "shared", endpointConfigName: config.attrEndpointConfigName });
for (const [tenant, count] of [["acme", 1], ["globex", 3]]) {
  const nested = new cdk.NestedStack(user, tenant);
  const own = new sm.CfnEndpointConfig(nested, "Config", { productionVariants: [{ variantName: "main", modelName: model.attrModelName, instanceType: "ml.m5.large", initialInstanceCount: count, initialVariantWeight: 1 }] });
  new sm.CfnEndpoint(nested, "Endpoint", { endpointName: `tenant-${tenant}`, endpointConfigName: own.attrEndpointConfigName });
}
app.synth();

"""What Terraform source marks as sensitive is used, and shown by no format."""

from pathlib import Path

import pytest

from guardrail import cli
from guardrail.reporters import FORMATS

CANARY = "CANARY"
COUNT = 7135
VARIABLES = f"""\
provider "aws" {{
  region = "us-east-1"
}}
variable "fleet" {{
  sensitive = true
  default   = [{{ name = "{CANARY}", type = "ml.m5.large", count = {COUNT} }}]
}}
variable "name" {{
  sensitive = true
  default   = "{CANARY}"
}}
"""
CONFIGURATION = """\
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "c"
  dynamic "production_variants" {
    for_each = FLEET
    content {
      variant_name           = production_variants.value.name
      model_name             = "m"
      instance_type          = production_variants.value.type
      initial_instance_count = production_variants.value.count
    }
  }
}
"""
ENDPOINT = """\
resource "aws_sagemaker_endpoint" "e" {
  name                 = "e"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
"""
PLACES = {
    "a dynamic block": CONFIGURATION.replace("FLEET", "var.fleet") + ENDPOINT,
    "a dynamic block over some of it": CONFIGURATION.replace("FLEET", "{ for each in var.fleet : each.name => each }")
    + ENDPOINT,
    "a dynamic block over one value": CONFIGURATION.replace("FLEET", "[var.fleet[0]]") + ENDPOINT,
    "for_each": CONFIGURATION.replace("FLEET", "[]")
    + ENDPOINT.replace("{\n", "{\n  for_each = { a = var.name }\n", 1).replace('"e"\n', "each.value\n"),
    "the keys of for_each": CONFIGURATION.replace("FLEET", "[]")
    + ENDPOINT.replace("{\n", "{\n  for_each = toset([var.name])\n", 1).replace('"e"\n', "each.key\n"),
    "count": CONFIGURATION.replace("FLEET", "[]")
    + ENDPOINT.replace("{\n", "{\n  count = var.fleet[0].count\n", 1).replace('"e"\n', '"e${count.index}"\n'),
    "the source of a module": 'module "m" {\n  source = "./${var.name}"\n}\n',
    "a variable of the wrong type": 'variable "n" {\n  sensitive = true\n  type = number\n'
    f'  default = "{CANARY}"\n}}\n' + ENDPOINT.replace('"e"\n', "var.n\n"),
}


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("form", FORMATS)
def test_no_format_shows_what_is_sensitive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra/main.tf").write_text(VARIABLES + text, encoding="utf-8")
    code = cli.main(["check", "infra", "--format", f"{form}=report"])
    shown = (tmp_path / "report").read_text(encoding="utf-8") + "".join(capsys.readouterr())
    assert code in (0, 1)
    assert CANARY not in shown
    assert str(COUNT) not in shown
    assert f"{COUNT:,}" not in shown

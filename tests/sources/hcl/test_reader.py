"""From files to inventories: modules, places, waivers, what is unknown, and what could end badly."""

import msgspec
import pytest

from guardrail.errors import SourceError
from guardrail.model import Location, Unknown
from guardrail.sources import hcl
from guardrail.sources.options import SourceOptions
from tests.sources.hcl.conftest import PROVIDER, Read, Write

CONFIGURATION = """\
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "c"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}
"""


def endpoint(name: str, configuration: str = "c") -> str:
    return (
        f'resource "aws_sagemaker_endpoint" "{name}" {{\n'
        f'  name                 = "{name}"\n'
        f'  endpoint_config_name = "{configuration}"\n}}\n'
    )


# Places --------------------------------------------------------------------------------------------------------------


def test_a_variant_is_where_its_instance_type_is_written(read: Read) -> None:
    change_set = read({"main.tf": PROVIDER + CONFIGURATION + endpoint("e")})
    (found,) = change_set.after.endpoints
    (variant,) = found.variants  # type: ignore[misc] # it is known
    assert variant.location == Location("main.tf", 9, 5)  # three lines of the provider, six of the configuration
    assert found.configuration_location == Location("main.tf", 4, 1)
    assert found.location == Location("main.tf", 13, 1)


def test_a_place_in_a_module_comes_with_the_call_that_leads_there(read: Read) -> None:
    files = {
        "main.tf": PROVIDER + 'module "a" {\n  source = "./a"\n}\n',
        "a/main.tf": '\nmodule "b" {\n  source = "../b"\n}\n',
        "b/main.tf": CONFIGURATION + endpoint("e"),
    }
    (found,) = read(files).after.endpoints
    (variant,) = found.variants  # type: ignore[misc] # it is known
    call_of_a = Location("main.tf", 4, 1)
    assert variant.location == Location("b/main.tf", 6, 5, Location("a/main.tf", 2, 1, call_of_a))


def test_a_variant_of_a_dynamic_block_is_in_its_content(read: Read) -> None:
    text = (
        'resource "aws_sagemaker_endpoint_configuration" "c" {\n'
        '  dynamic "production_variants" {\n'
        '    for_each = ["ml.m5.large", "ml.c5.large"]\n'
        "    content {\n"
        '      model_name             = "m"\n'
        "      initial_instance_count = 1\n"
        "      instance_type          = production_variants.value\n"
        "    }\n  }\n}\n"
    )
    (configuration,) = read({"main.tf": text}).after.unattached
    assert [variant.location for variant in configuration.variants] == [Location("main.tf", 7, 7)] * 2  # type: ignore[union-attr] # known


def test_json_has_places_too(read: Read) -> None:
    text = (
        '{"resource": {"aws_sagemaker_endpoint_configuration": {"c": {\n'
        '  "production_variants": [\n'
        '    {"variant_name": "a", "instance_type": "ml.m5.large", "initial_instance_count": 1},\n'
        '    {"variant_name": "b",\n     "instance_type": "ml.m5.large", "initial_instance_count": 1}\n'
        "]}}}}\n"
    )
    (configuration,) = read({"main.tf.json": text}).after.unattached
    assert [variant.location for variant in configuration.variants] == [  # type: ignore[union-attr] # known
        Location("main.tf.json", 3, 27),
        Location("main.tf.json", 5, 6),
    ]


# Waivers -------------------------------------------------------------------------------------------------------------

IGNORE = '# guardrail:ignore realtime-variants-scale until=2027-01-31 reason="load test"\n'


def waivers(read: Read, files: dict[str, str]) -> list[tuple[str, str | None, str, str, int]]:
    return [
        (each.policy, each.address, each.until, each.reason, each.location.line)  # type: ignore[union-attr] # it has one
        for each in read(files).waivers
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (IGNORE + CONFIGURATION, 1),
        (IGNORE + "# and another comment\n// of two lines\n" + CONFIGURATION, 1),
        (CONFIGURATION.replace('name = "c"\n', f'name = "c"\n  {IGNORE}'), 3),
        (CONFIGURATION.replace("    instance_type", f"    {IGNORE}    instance_type"), 6),
        (CONFIGURATION.replace("{\n  name", "{ " + IGNORE + "  name"), 1),
        (f"/* {IGNORE[2:-1]} */\n" + CONFIGURATION, 1),
        (f"/* {IGNORE[2:-1]} */ " + CONFIGURATION, 1),
        (f"/*\n * why\n * {IGNORE[2:-1]}\n */\n" + CONFIGURATION, 3),
        (IGNORE + "/* and another comment\n*/\n" + CONFIGURATION, 1),
        (CONFIGURATION.replace("    instance_type", f"    /* {IGNORE[2:-1]} */ instance_type"), 6),
        (IGNORE.replace("\n", "\r\n") + CONFIGURATION.replace("\n", "\r\n"), 1),
    ],
)
def test_a_waiver_is_for_the_block_that_it_stands_in_or_above(read: Read, text: str, line: int) -> None:
    assert waivers(read, {"main.tf": text}) == [
        ("realtime-variants-scale", "aws_sagemaker_endpoint_configuration.c", "2027-01-31", "load test", line)
    ]


def test_a_waiver_above_a_blank_line_is_for_no_block(read: Read) -> None:
    assert [address for _, address, *_ in waivers(read, {"main.tf": IGNORE + "\n" + CONFIGURATION})] == ["no block"]


def test_a_waiver_in_a_module_is_for_every_instance_of_its_block(read: Read) -> None:
    files = {
        "main.tf": 'module "a" {\n  for_each = { x = 1, y = 2 }\n  source = "./m"\n}\n'
        'module "b" {\n  source = "./m"\n}\n',
        "m/main.tf": IGNORE + CONFIGURATION.replace("{\n  name", "{\n  count = 2\n  name", 1),
    }
    assert [address for _, address, *_ in waivers(read, files)] == [
        "module.b.aws_sagemaker_endpoint_configuration.c[*]",
        "module.a[*].aws_sagemaker_endpoint_configuration.c[*]",
    ]


def test_a_waiver_at_a_module_call_is_for_everything_that_it_makes(read: Read) -> None:
    files = {"main.tf": IGNORE + 'module "a" {\n  source = "./m"\n}\n', "m/main.tf": CONFIGURATION + endpoint("e")}
    assert [address for _, address, *_ in waivers(read, files)] == [
        "module.a.aws_sagemaker_endpoint_configuration.c",
        "module.a.aws_sagemaker_endpoint.e",
    ]


# What is unknown -----------------------------------------------------------------------------------------------------


def test_names_that_hang_on_one_unknown_variable_are_equal(read: Read) -> None:
    """Nobody knows the name, and still the target belongs to the endpoint, and to its variant blue."""
    change_set = read(
        'variable "name" {}\n'
        + CONFIGURATION.replace('"main"', '"blue"')
        + 'resource "aws_sagemaker_endpoint" "e" {\n  name = var.name\n  endpoint_config_name = "c"\n}\n'
        + 'resource "aws_appautoscaling_target" "t" {\n'
        + '  service_namespace  = "sagemaker"\n'
        + '  resource_id        = "endpoint/${var.name}/variant/blue"\n'
        + '  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"\n'
        + "  min_capacity       = 1\n  max_capacity       = 4\n}\n"
    )
    (found,) = change_set.after.endpoints
    (variant,) = found.variants  # type: ignore[misc] # it is known
    assert isinstance(found.name, Unknown)
    assert (found.name.reason, found.name.partial) == ('variable "name" has no value', "${var.name}")
    assert variant.scaling is not None
    assert variant.scaling.max_capacity == 4  # type: ignore[union-attr] # it is known
    assert change_set.skipped == ()


def test_two_different_unknown_names_are_not_taken_for_one(read: Read) -> None:
    change_set = read(
        'variable "one" {}\nvariable "other" {}\n'
        + CONFIGURATION
        + 'resource "aws_sagemaker_endpoint" "e" {\n  name = var.one\n  endpoint_config_name = "c"\n}\n'
        + 'resource "aws_appautoscaling_target" "t" {\n'
        + '  service_namespace  = "sagemaker"\n'
        + '  resource_id        = "endpoint/${var.other}/variant/main"\n'
        + '  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"\n'
        + "  min_capacity       = 1\n  max_capacity       = 4\n}\n"
    )
    (found,) = change_set.after.endpoints
    (variant,) = found.variants  # type: ignore[misc] # it is known
    assert isinstance(variant.scaling, Unknown)
    assert [each.address for each in change_set.skipped] == ["aws_appautoscaling_target.t"]


def test_an_unknown_count_of_targets_leaves_open_whether_anything_scales(read: Read) -> None:
    change_set = read(
        'variable "scaled" {}\n'
        + CONFIGURATION
        + endpoint("e")
        + 'resource "aws_appautoscaling_target" "t" {\n'
        + "  count              = var.scaled\n"
        + '  service_namespace  = "sagemaker"\n'
        + '  resource_id        = "endpoint/${aws_sagemaker_endpoint.e.name}/variant/main"\n'
        + '  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"\n'
        + "  min_capacity       = 1\n  max_capacity       = 4\n}\n"
    )
    (found,) = change_set.after.endpoints
    (variant,) = found.variants  # type: ignore[misc] # it is known
    assert variant.scaling == Unknown("whether aws_appautoscaling_target.t[*] is there is unknown")
    assert found.deployed == "yes"


def test_a_sensitive_variable_is_used_and_marked(read: Read) -> None:
    change_set = read(
        'variable "type" {\n  default = "ml.p4d.24xlarge"\n  sensitive = true\n}\n'
        + CONFIGURATION.replace('"ml.m5.large"', "var.type")
    )
    (variant,) = change_set.after.unattached[0].variants  # type: ignore[misc] # it is known
    assert (variant.instance_type, variant.sensitive) == ("ml.p4d.24xlarge", True)  # type: ignore[union-attr]


def test_a_module_that_is_not_there_is_skipped_with_its_source(read: Read) -> None:
    change_set = read(
        'module "far" {\n  source = "terraform-aws-modules/sagemaker/aws"\n  version = "~> 1.0"\n}\n'
        'module "gone" {\n  source = "./gone"\n}\n' + endpoint("e").replace('"c"', "module.far.configuration")
    )
    assert [(each.address, each.type, each.reason, each.affects_total) for each in change_set.skipped] == [
        (
            "module.far",
            "module",
            'its source is "terraform-aws-modules/sagemaker/aws", and it is not here; terraform init fetches it',
            True,
        ),
        ("module.gone", "module", 'its source is "./gone", and there is no such directory', True),
    ]
    assert isinstance(change_set.after.endpoints[0].variants, Unknown)


@pytest.mark.parametrize("name", ["main.tf", "terraform.tfvars"])
def test_a_pointer_to_git_lfs_is_called_one(read: Read, name: str) -> None:
    """A checkout without the content has it in place of the file."""
    files = {"main.tf": "", name: "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"}
    with pytest.raises(SourceError, match=rf"{name} is a pointer to git LFS"):
        read(files)


def test_a_module_that_terraform_has_fetched_is_read(read: Read) -> None:
    manifest = '{"Modules":[{"Key":"","Dir":"."},{"Key":"far","Source":"x","Dir":".terraform/modules/far/sub"}]}'
    change_set = read(
        {
            "main.tf": PROVIDER + 'module "far" {\n  source = "terraform-aws-modules/sagemaker/aws//sub"\n}\n',
            ".terraform/modules/modules.json": manifest,
            ".terraform/modules/far/sub/main.tf": CONFIGURATION + endpoint("e"),
        }
    )
    assert [each.address for each in change_set.after.endpoints] == ["module.far.aws_sagemaker_endpoint.e"]
    assert change_set.skipped == ()


def test_the_other_provider_of_aws_writes_attributes_where_the_first_has_blocks(read: Read) -> None:
    change_set = read(
        {
            "main.tf": 'provider "awscc" {\n  region = "us-west-2"\n}\nlocals {\n  type = "ml.m5.large"\n}\n'
            'resource "awscc_sagemaker_endpoint_config" "c" {\n  endpoint_config_name = "c"\n'
            "  production_variants = [{\n"
            '    variant_name           = "main"\n'
            '    model_name             = "m"\n'
            "    instance_type          = local.type\n"
            "    initial_instance_count = 2\n  }]\n"
            '  tags = [{ key = "team", value = "ads" }]\n}\n'
            'resource "awscc_sagemaker_endpoint" "e" {\n  endpoint_name = "e"\n'
            "  endpoint_config_name = awscc_sagemaker_endpoint_config.c.endpoint_config_name\n}\n"
        }
    )
    (found,) = change_set.after.endpoints
    (variant,) = found.variants  # type: ignore[misc] # it is known
    assert (found.name, found.region, found.tags) == ("e", "us-west-2", {"team": "ads"})
    assert (variant.instance_type, variant.initial_instance_count) == ("ml.m5.large", 2)  # type: ignore[union-attr]
    assert variant.location == Location("main.tf", 12, 5)


# What could end badly ------------------------------------------------------------------------------------------------


def test_each_variant_serves_the_model_that_it_refers_to(read: Read) -> None:
    """Neither has a name before it is applied: a value carries with it where it comes from."""
    text = "".join(
        f'resource "aws_sagemaker_model" "{name}" {{\n  primary_container {{\n    mode = "{mode}"\n  }}\n}}\n'
        for name, mode in (("one", "SingleModel"), ("many", "MultiModel"))
    )
    variants = "".join(
        "  production_variants {\n"
        f'    variant_name           = "{name}"\n'
        f"    model_name             = aws_sagemaker_model.{name}.name\n"
        '    instance_type          = "ml.m5.large"\n'
        "    initial_instance_count = 1\n  }\n"
        for name in ("many", "one")
    )
    text += f'resource "aws_sagemaker_endpoint_configuration" "c" {{\n{variants}}}\n'
    (configuration,) = read(text).after.unattached
    assert {each.name: each.multi_model for each in configuration.variants} == {"many": True, "one": False}  # type: ignore[union-attr] # known, on instances


def test_modules_that_call_one_another_are_skipped_where_the_circle_closes(read: Read) -> None:
    change_set = read(
        {
            "main.tf": PROVIDER + 'module "self" {\n  source = "./."\n}\nmodule "a" {\n  source = "./a"\n}\n',
            "a/main.tf": endpoint("in-a") + 'module "b" {\n  source = "../b"\n}\n',
            "b/main.tf": endpoint("in-b") + 'module "a" {\n  source = "../a"\n}\n',
        }
    )
    assert [each.address for each in change_set.after.endpoints] == [
        "module.a.aws_sagemaker_endpoint.in-a",
        "module.a.module.b.aws_sagemaker_endpoint.in-b",
    ]
    assert [(each.address, each.reason) for each in change_set.skipped] == [
        ("module.a.module.b.module.a", 'its source is "../a", and that calls itself'),
        ("module.self", 'its source is "./.", and that calls itself'),
    ]


def test_local_values_that_define_one_another_are_unknown(read: Read) -> None:
    change_set = read("locals {\n  a = local.b\n  b = local.a\n}\n" + endpoint("e").replace('"e"\n', "local.a\n"))
    (found,) = change_set.after.endpoints
    assert isinstance(found.name, Unknown)
    assert found.name.reason == "it is defined by itself"


def test_a_long_chain_of_local_values_is_no_recursion_error(read: Read) -> None:
    chain = "".join(f'  a{index} = "${{local.a{index - 1}}}-"\n' for index in range(1, 3000))
    change_set = read(f'locals {{\n  a0 = "x"\n{chain}}}\n' + endpoint("e").replace('"e"\n', "local.a2999\n"))
    assert isinstance(change_set.after.endpoints[0].name, Unknown)


@pytest.mark.parametrize("count", [40, 500])
def test_every_module_call_counts(read: Read, count: int) -> None:
    calls = "".join(f'module "m{index}" {{\n  source = "./m"\n  name = "n{index}"\n}}\n' for index in range(count))
    change_set = read(
        {
            "main.tf": PROVIDER + calls,
            "m/main.tf": 'variable "name" {}\n' + endpoint("e").replace('= "e"\n', "= var.name\n"),
        }
    )
    assert {each.name for each in change_set.after.endpoints} == {f"n{index}" for index in range(count)}


def test_modules_that_multiply_without_end_are_skipped_aloud(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardrail.sources.hcl.modules._MOST_MODULES", 100)
    files = {"main.tf": 'module "a" {\n  source = "./m0"\n}\n'}
    for level in range(20):
        files[f"m{level}/main.tf"] = "".join(
            f'module "{name}" {{\n  source = "../m{level + 1}"\n}}\n' for name in ("a", "b")
        )
    change_set = read(files)
    assert change_set.skipped
    assert all(each.affects_total for each in change_set.skipped)


@pytest.mark.usefixtures("frugal")
def test_values_that_double_at_every_step_are_given_up(read: Read) -> None:
    doubling = "".join(
        f'  t{n} = "${{local.t{n - 1}}}${{local.t{n - 1}}}"\n'
        f"  l{n} = concat(local.l{n - 1}, local.l{n - 1})\n"
        f"  n{n} = [local.n{n - 1}, local.n{n - 1}]\n"
        f"  p{n} = local.p{n - 1} * local.p{n - 1}\n"
        for n in range(1, 60)
    )
    change_set = read(
        f'locals {{\n  t0 = "xy"\n  l0 = [1]\n  n0 = [1]\n  p0 = 2\n{doubling}}}\n'
        'resource "aws_sagemaker_endpoint" "e" {\n'
        '  name = local.t59\n  endpoint_config_name = "c"\n'
        "  tags = { list = length(local.l59), nested = jsonencode(local.n59), power = local.p59 }\n}\n"
    )
    (found,) = change_set.after.endpoints
    assert isinstance(found.name, Unknown)
    assert isinstance(found.tags, dict)
    assert all(isinstance(value, Unknown) for value in found.tags.values())


@pytest.mark.usefixtures("frugal")
def test_so_are_they_where_something_is_sensitive_and_where_they_are_passed_on_as_they_are(read: Read) -> None:
    doubling = "".join(f"  n{n} = [local.n{n - 1}, local.n{n - 1}]\n" for n in range(1, 60))
    change_set = read(
        f'variable "secret" {{\n  default = "s"\n  sensitive = true\n}}\nlocals {{\n  n0 = [var.secret]\n{doubling}}}\n'
        'resource "aws_sagemaker_endpoint" "e" {\n'
        "  name = element(local.n59, 0)\n  endpoint_config_name = length(local.n59)\n  tags = { x = local.n59 }\n}\n"
        'resource "aws_sagemaker_endpoint_configuration" "c" {\n'
        '  dynamic "production_variants" {\n    for_each = local.n59\n'
        "    content {\n      model_name = local.n59\n    }\n  }\n}\n"
    )
    assert isinstance(change_set.after.endpoints[0].name, Unknown)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("  ", "\t"),
        lambda text: "/* " + "\n * x" * 1000 + " */\n" + text,
    ],
    ids=["CRLF", "BOM", "tabs", "comment"],
)
def test_how_a_file_is_laid_out_means_nothing(read: Read, change: object) -> None:
    assert callable(change)
    change_set = read({"main.tf": change(PROVIDER + CONFIGURATION + endpoint("e"))})
    (found,) = change_set.after.endpoints
    assert (found.name, found.region, found.configuration_address) == (
        "e",
        "eu-west-1",
        "aws_sagemaker_endpoint_configuration.c",
    )


@pytest.mark.no_cover  # the same lines over and over: counting them takes longer than they do
def test_a_file_of_twenty_thousand_lines_is_read_whole(read: Read) -> None:
    change_set = read(PROVIDER.replace("aws", "awscc") + "".join(endpoint(f"e{index}") for index in range(5000)))
    assert len(change_set.after.endpoints) == 5000


TWICE = "main.tf:5:1: the resource aws_sagemaker_endpoint.e is declared twice, first at main.tf:1"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"main.tf": endpoint("e") * 2}, TWICE),
        ({"main.tf": "locals {\n  a = 1\n}\nlocals {\n  a = 2\n}\n"}, "main.tf:5:3: the local value a is set twice"),
        ({"main.tf": 'resource "a" {\n}\n'}, "main.tf:1:1: a resource block has a type and a name"),
        ({"main.tf": "resorce {\n}\n"}, "main.tf:1:1: there is no block resorce, did you mean resource?"),
        ({"main.tf": "name = 1\n"}, "main.tf:1:1: name stands outside every block"),
    ],
)
def test_what_terraform_refuses_is_an_error_with_its_place(read: Read, files: dict[str, str], problem: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(files)
    assert caught.value.message == problem


def test_a_file_that_is_not_utf_8_is_an_error_with_its_line(write: Write) -> None:
    (write({}) / "main.tf").write_bytes(b"# a\n# caf\xe9\n")
    with pytest.raises(SourceError, match=r"^main\.tf:2:1: it is not UTF-8$"):
        list(hcl.read(["."]))


def test_with_keep_going_the_other_files_are_read(read: Read) -> None:
    change_set = read({"bad.tf": "x = {\n", "good.tf": endpoint("e")}, keep_going=True)
    assert [each.name for each in change_set.after.endpoints] == ["e"]
    assert change_set.unread == ("bad.tf:1:5: '{' is not closed",)
    assert not change_set.complete


def test_a_file_of_opentofu_stands_in_for_one_of_terraform(read: Read) -> None:
    change_set = read({"main.tf": endpoint("terraform"), "main.tofu": endpoint("tofu"), "other.tf": endpoint("both")})
    assert [each.name for each in change_set.after.endpoints] == ["both", "tofu"]


def test_what_leaves_the_reader_is_of_the_model_alone(read: Read) -> None:
    """Policies and costs tell an unknown by its class; what evaluation keeps beside it must not get out."""
    change_set = read(
        'variable "v" {}\n'
        + CONFIGURATION.replace('"ml.m5.large"', "var.v")
        .replace("= 1\n", "= var.v\n")
        .replace('"main"', '"m-${var.v}"')
        + 'resource "aws_sagemaker_endpoint" "e" {\n  name = var.v\n  endpoint_config_name = "c"\n'
        + "  tags = { a = var.v, b = [var.v][0] }\n}\n"
    )
    pending: list[object] = [change_set]
    unknown = []
    while pending:
        each = pending.pop()
        if isinstance(each, Unknown):
            unknown.append(each)
        elif isinstance(each, msgspec.Struct):
            pending += [getattr(each, name) for name in each.__struct_fields__]
        elif isinstance(each, dict):
            pending += each.values()
        elif isinstance(each, tuple):
            pending += each
    assert len(unknown) >= 6
    assert {each.__class__ for each in unknown} == {Unknown}


BROKEN = 'resource "aws_sagemaker_endpoint" "broken" {\n  name = = "b"\n}\n'


def test_an_error_inside_a_block_leaves_its_file_out_too(read: Read) -> None:
    """It is found when somebody looks into the block; what stands beside it in the file is left out as well."""
    files = {"bad.tf": endpoint("beside") + BROKEN, "good.tf": endpoint("e")}
    change_set = read(files, keep_going=True)
    assert [each.address for each in change_set.after.endpoints] == ["aws_sagemaker_endpoint.e"]
    assert change_set.unread == ("bad.tf:6:10: a value is missing here",)
    assert not change_set.complete


def test_an_error_inside_a_block_is_an_error_where_somebody_looks_into_it(read: Read) -> None:
    with pytest.raises(SourceError, match=r"^bad\.tf:2:10: a value is missing here$"):
        read({"bad.tf": BROKEN, "good.tf": endpoint("e")})
    unrelated = 'resource "aws_s3_bucket" "b" {\n  bucket = = "b"\n}\n'
    assert len(read({"bad.tf": unrelated, "good.tf": endpoint("e")}).after.endpoints) == 1
    with pytest.raises(SourceError, match=r"^bad\.tf:2:12: a value is missing here$"):
        read({"bad.tf": unrelated, "good.tf": endpoint("e").replace('"e"\n', "aws_s3_bucket.b.bucket\n", 1)})


# Newer and other Terraforms ------------------------------------------------------------------------------------------

CREATE = 'variable "create" {\n  type = bool\nDEFAULT}\n'
ENABLED = endpoint("e").replace("{\n", "{\n  lifecycle {\n    enabled = var.create\n  }\n", 1)


@pytest.mark.parametrize(("default", "deployed"), [("true", ["yes"]), ("false", []), (None, ["possibly"])])
def test_enabled_makes_one_instance_or_none(read: Read, default: str | None, deployed: list[str]) -> None:
    """OpenTofu 1.11: opentofu.org/docs/language/meta-arguments/enabled."""
    create = CREATE.replace("DEFAULT", "" if default is None else f"  default = {default}\n")
    change_set = read(create + CONFIGURATION + ENABLED)
    assert [each.deployed for each in change_set.after.endpoints] == deployed


def test_enabled_holds_for_modules_and_in_json(read: Read) -> None:
    change_set = read(
        {
            "main.tf": 'module "on" {\n  source = "./m"\n}\n'
            'module "off" {\n  source = "./m"\n  lifecycle {\n    enabled = false\n  }\n}\n',
            "other.tf.json": '{"module": {"json": {"source": "./m", "lifecycle": {"enabled": false}}}}',
            "m/main.tf": endpoint("e"),
        }
    )
    assert [each.address for each in change_set.after.endpoints] == ["module.on.aws_sagemaker_endpoint.e"]


def test_what_is_not_enabled_is_null_to_who_refers_to_it(read: Read) -> None:
    off = CONFIGURATION.replace("{\n", "{\n  lifecycle {\n    enabled = false\n  }\n", 1)
    text = endpoint("e").replace('"c"', 'try(aws_sagemaker_endpoint_configuration.c.name, "none")')
    (found,) = read(
        off + text.replace('"e"\n', 'aws_sagemaker_endpoint_configuration.c == null ? "null" : "e"\n')
    ).after.endpoints
    assert found.name == "null"


def test_an_action_is_nothing_that_is_billed(read: Read) -> None:
    text = 'action "aws_sns_publish" "a" {\n  config {\n  }\n}\n'
    change_set = read(text + CONFIGURATION + endpoint("e"))
    assert (len(change_set.after.endpoints), change_set.skipped) == (1, ())


@pytest.mark.parametrize(
    ("block", "affects_total"),
    [('flock "x" {\n}\n', False), ('flock "aws_sagemaker_endpoint" "x" {\n}\n', True)],
)
def test_a_block_of_a_newer_terraform_is_skipped_by_name(read: Read, block: str, affects_total: bool) -> None:  # noqa: FBT001
    change_set = read(block + CONFIGURATION + endpoint("e"))
    assert len(change_set.after.endpoints) == 1
    assert [(each.type, each.affects_total) for each in change_set.skipped] == [("flock", affects_total)]


def test_a_block_of_a_newer_terraform_in_json_is_skipped_by_name(read: Read) -> None:
    (skipped,) = read({"main.tf.json": '{"flock": {"aws_sagemaker_endpoint": {"x": {}}}}'}).skipped
    assert (skipped.address, skipped.affects_total) == ("flock", True)


WORKSPACE = 'resource "aws_sagemaker_endpoint" "e" {\n  name = terraform.workspace\n  endpoint_config_name = "c"\n}\n'


@pytest.mark.parametrize(
    ("environment", "selected", "given", "name"),
    [
        ({}, None, None, "default"),
        ({}, "chosen", None, "chosen"),
        ({"TF_WORKSPACE": "told"}, "chosen", None, "told"),
        ({"TF_WORKSPACE": "told"}, "chosen", "flag", "flag"),
    ],
)
def test_the_workspace_is_the_one_that_is_named_last(
    write: Write, environment: dict[str, str], selected: str | None, given: str | None, name: str
) -> None:
    write({"main.tf": WORKSPACE} | ({".terraform/environment": selected} if selected else {}))
    (change_set,) = hcl.read(["."], SourceOptions(environment=environment, workspace=given))
    assert change_set.after.endpoints[0].name == name
    told = any("terraform.workspace" in notice for notice in change_set.notices)
    assert told is (name == "default")


def test_the_working_directory_is_that_of_the_root_module(write: Write) -> None:
    """Terraform runs in the directory of its root module, unless ``-chdir`` says otherwise."""
    name = '"${path.root} ${path.module} ${basename(path.cwd)}"'
    write(
        {
            "case/main.tf": endpoint("e").replace('"e"\n', f"{name}\n") + 'module "m" {\n  source = "./m"\n}\n',
            "case/m/main.tf": endpoint("f").replace('"f"\n', f"{name}\n"),
        }
    )
    (change_set,) = hcl.read(["case"])
    assert [each.name for each in change_set.after.endpoints] == [". . case", ". m case"]


def test_who_does_not_ask_for_the_workspace_hears_nothing_of_it(read: Read) -> None:
    assert read("locals {\n  unused = terraform.workspace\n}\n" + endpoint("e")).notices == ()


@pytest.mark.parametrize(
    ("source", "bills"),
    [
        ("terraform-aws-modules/vpc/aws", False),
        ("registry.terraform.io/terraform-aws-modules/iam/aws//modules/iam-role", False),
        ("terraform-aws-modules/sagemaker/aws", True),
        ("terraform-aws-modules/step-functions/aws", True),  # whose state machine may call for inference
        ("someone/vpc/aws", True),
        ("git::https://example.com/terraform-aws-modules/vpc/aws", True),
    ],
)
def test_a_module_that_is_not_here_makes_totals_at_least_unless_it_cannot_hold_an_endpoint(
    read: Read, source: str, *, bills: bool
) -> None:
    (skipped,) = read(f'module "m" {{\n  source = "{source}"\n}}\n').skipped
    assert (skipped.address, skipped.affects_total) == ("module.m", bills)


def test_an_unknown_count_hides_no_budget(read: Read) -> None:
    change_set = read(
        'variable "n" {}\nresource "aws_sagemaker_model" "m" {\n  count = var.n\n  name = "m"\n}\n'
        'resource "aws_budgets_budget" "b" {\n  budget_type = "COST"\n  limit_amount = "50"\n'
        '  limit_unit = "USD"\n  time_unit = "MONTHLY"\n}\n'
    )
    assert [each.address for each in change_set.after.budgets] == ["aws_budgets_budget.b"]


@pytest.mark.parametrize(
    ("argument", "complete"),
    [
        ("count = var.n", False),
        ("count = var.n ? 1 : 0", True),
        ('for_each = var.n ? toset(["a"]) : []', True),
        ("for_each = var.n", False),
        ("count = var.n ? (var.n ? 1 : 0) : 0", True),
        ("lifecycle {\n    enabled = var.n\n  }", True),
    ],
)
def test_what_may_be_there_several_times_makes_the_source_incomplete(
    read: Read,
    argument: str,
    complete: bool,  # noqa: FBT001
) -> None:
    """Where it may be there once at most, its own ceiling says all."""
    change_set = read('variable "n" {}\n' + endpoint("e").replace("{\n", f"{{\n  {argument}\n", 1))
    assert [each.deployed for each in change_set.after.endpoints] == ["possibly"]
    assert change_set.complete is complete


def test_a_module_that_may_be_there_several_times_makes_the_source_incomplete(read: Read) -> None:
    call = 'variable "n" {}\nmodule "m" {\n  source = "./m"\n  count = var.n\n}\n'
    assert not read({"main.tf": call, "m/main.tf": endpoint("e")}).complete
    assert read({"main.tf": call, "m/main.tf": 'resource "aws_s3_bucket" "b" {\n}\n'}).complete


REGIONS = """\
variable "regions" {
  default = ["eu-west-1", "us-east-1"]
}
provider "aws" {
  alias    = "of"
  for_each = toset(var.regions)
  region   = each.value
}
"""


def test_each_instance_of_a_provider_has_its_own_region(read: Read) -> None:
    """OpenTofu 1.9: opentofu.org/docs/language/providers/configuration."""
    each = "{\n  for_each = toset(var.regions)\n  provider = aws.of[each.key]\n"
    change_set = read(
        {
            "main.tf": REGIONS
            + CONFIGURATION.replace("{\n", each, 1)
            + endpoint("e").replace("{\n", each, 1)
            + 'module "m" {\n  source = "./m"\n  providers = {\n    aws = aws.of["us-east-1"]\n  }\n}\n',
            "m/main.tf": endpoint("f"),
        }
    )
    found = {each.address: (each.region, each.configuration_address) for each in change_set.after.endpoints}
    assert found == {
        'aws_sagemaker_endpoint.e["eu-west-1"]': (
            "eu-west-1",
            'aws_sagemaker_endpoint_configuration.c["eu-west-1"]',
        ),
        'aws_sagemaker_endpoint.e["us-east-1"]': (
            "us-east-1",
            'aws_sagemaker_endpoint_configuration.c["us-east-1"]',
        ),
        "module.m.aws_sagemaker_endpoint.f": (  # by the name of the configuration, which is c in every region
            "us-east-1",
            'aws_sagemaker_endpoint_configuration.c["us-east-1"]',
        ),
    }


def test_a_provider_that_a_call_leaves_out_is_that_of_the_module_around_it(read: Read) -> None:
    """As the plan of Terraform 1.11 has it: with ``aws.other`` alone passed, ``aws`` is the one of the root module."""
    provider = 'provider "aws" {{\n  {}region = "{}"\n}}\n'
    others = provider.format("", "us-east-1") + provider.format('alias = "eu"\n  ', "eu-west-1")
    inner = 'module "inner" {\n  source = "../n"\n  providers = {\n    aws = aws.other\n  }\n}\n'
    change_set = read(
        {
            "main.tf": others + 'module "m" {\n  source = "./m"\n  providers = {\n    aws.other = aws.eu\n  }\n}\n',
            "m/main.tf": CONFIGURATION + endpoint("e") + inner,
            "n/main.tf": CONFIGURATION + endpoint("f"),
        }
    )
    assert {each.address: each.region for each in change_set.after.endpoints} == {
        "module.m.aws_sagemaker_endpoint.e": "us-east-1",
        "module.m.module.inner.aws_sagemaker_endpoint.f": "eu-west-1",
    }


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        ("aws_sagemaker_endpiont", "there is no such type, did you mean aws_sagemaker_endpoint?"),
        ("aws_sagemaker_endpoint_config", "there is no such type, did you mean awscc_sagemaker_endpoint_config?"),
        ("aws_appautoscaling_targets", "there is no such type, did you mean aws_appautoscaling_target?"),
    ],
)
def test_a_type_that_is_misspelt_is_skipped_by_name(read: Read, type_: str, reason: str) -> None:
    (skipped,) = read(f'resource "{type_}" "r" {{\n}}\n').skipped
    assert (skipped.address, skipped.reason, skipped.affects_total) == (f"{type_}.r", reason, True)


@pytest.mark.parametrize("type_", ["aws_sagemaker_model_card", "aws_sagemaker_domain", "aws_autoscaling_policy"])
def test_a_type_that_costs_nothing_here_is_not_taken_for_a_misspelt_one(read: Read, type_: str) -> None:
    assert read(f'resource "{type_}" "r" {{\n}}\n').skipped == ()


@pytest.mark.parametrize(
    ("allowed", "account"),
    [
        ('["123456789012"]', "123456789012"),
        ("[var.account]", "123456789012"),
        ('["123456789012", "210987654321"]', None),
        ("var.unset", None),
    ],
)
def test_the_account_is_the_only_one_its_provider_may_work_in(read: Read, allowed: str, account: str | None) -> None:
    text = f"""\
variable "account" {{ default = "123456789012" }}
variable "unset" {{}}
provider "aws" {{
  region              = "us-east-1"
  allowed_account_ids = {allowed}
}}
resource "aws_sagemaker_endpoint" "e" {{
  name                 = "e"
  endpoint_config_name = "elsewhere"
}}
"""
    (found,) = read({"main.tf": text}).after.endpoints
    assert found.account == account


def test_a_module_with_nothing_in_its_folder_is_missing_and_not_free(write: Write) -> None:
    """As git leaves the folder of a submodule that nobody has fetched."""
    (write({"main.tf": 'module "m" {\n  source = "./library"\n}\n'}) / "library").mkdir()
    (found,) = hcl.read(["."])
    (skipped,) = found.skipped
    assert (skipped.address, skipped.affects_total) == ("module.m", True)
    assert "git submodule update --init" in str(skipped.reason)

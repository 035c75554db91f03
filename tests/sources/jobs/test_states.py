"""State machines: what their tasks start, in both languages of expressions, and how often."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.flows import Runs, runs, span
from guardrail.model import TransformJob, Unknown
from guardrail.sources.jobs import states
from guardrail.sources.jobs.base import Definition, value_of

SYNC = "arn:aws:states:::sagemaker:createTransformJob.sync"


def request(**others: Any) -> dict[str, Any]:
    return {
        "TransformJobName.$": "$$.Execution.Name",
        "ModelName": "churn",
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2},
        **others,
    }


def task(resource: str = SYNC, **others: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "Parameters": request(), "End": True, **others}


def machine(**named: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(named)), "States": named}


def how_often(definition: Definition) -> dict[str, Runs]:
    found = runs(definition.flow, len(definition.jobs))
    return {job.label: each for job, each in zip(definition.jobs, found, strict=True)}


def only(definition: Definition) -> TransformJob:
    (job,) = definition.jobs
    return job


@pytest.mark.parametrize(
    "resource",
    [
        SYNC,
        "arn:aws-cn:states:::sagemaker:createTransformJob",
        "arn:${AWS::Partition}:states:::sagemaker:createTransformJob.sync",
        "arn:aws:states:::aws-sdk:sagemaker:createTransformJob",
    ],
)
def test_every_form_of_the_call_is_a_job(resource: str) -> None:
    job = only(states.read(machine(Score=task(resource))))
    assert (job.label, job.instance_types, job.instance_count) == ("Score", ("ml.m5.xlarge",), 2)
    assert job.waits is resource.endswith(".sync")


def test_a_call_of_something_else_is_none() -> None:
    found = states.read(machine(Look=task("arn:aws:states:::aws-sdk:sagemaker:describeTransformJob")))
    assert found.jobs == ()
    trained = states.read(machine(Train=task("arn:aws:states:::sagemaker:createTrainingJob.sync")))
    assert trained.others == {"training job": 1}


def test_expressions_mean_something_in_their_own_language_alone() -> None:
    resources = {"InstanceType": "{% $type %}", "InstanceType.$": "$.type", "InstanceCount": 1}
    by_path = only(states.read(machine(S=task(Parameters=request(TransformResources=resources)))))
    assert isinstance(by_path.instance_types[0], Unknown)  # the path decides; the other key is the same one
    del resources["InstanceType.$"]
    assert only(states.read(machine(S=task(Parameters=request(TransformResources=resources))))).instance_types == (
        "{% $type %}",
    )
    plain = {"InstanceType": "ml.c5.4xlarge", "InstanceType.$": "$.type", "InstanceCount": "{% $n %}"}
    asked = task(QueryLanguage="JSONata", Arguments=request(TransformResources=plain))
    job = only(states.read(machine(S=asked)))
    assert job.instance_types == ("ml.c5.4xlarge",)
    assert isinstance(job.instance_count, Unknown)
    assert job.instance_count.reason == "InstanceCount is a JSONata expression"
    assert job.instance_count.at_least == 1  # the API's minimum


def test_arguments_may_be_one_expression() -> None:
    job = only(states.read(machine(S=task(QueryLanguage="JSONata", Arguments="{% $states.input.job %}"))))
    assert job.instance_types == (Unknown("Arguments is one JSONata expression: everything in it is unknown"),)


def test_an_input_that_is_given_feeds_paths_until_a_state_writes_over_it() -> None:
    score = task(Parameters=request(TransformResources={"InstanceType.$": "$.type", "InstanceCount": 1}))
    given = {"type": "ml.c5.xlarge"}
    assert only(states.read(machine(S=score), given)).instance_types == ("ml.c5.xlarge",)
    look = {"Type": "Task", "Resource": "arn:aws:lambda:::f", "Next": "S"}
    assert isinstance(only(states.read(machine(L=look, S=score), given)).instance_types[0], Unknown)
    kept = only(states.read(machine(L={**look, "ResultPath": "$.seen"}, S=score), given))
    assert kept.instance_types == ("ml.c5.xlarge",)
    over = only(states.read(machine(L={**look, "ResultPath": "$.type"}, S=score), given))
    assert isinstance(over.instance_types[0], Unknown)


def test_a_map_runs_once_for_each_item_that_is_written_out() -> None:
    body = machine(Score=named("States.UUID()"))
    items = {"Type": "Pass", "Result": [1, 2, 3, 4], "ResultPath": "$.all", "Next": "Each"}
    each = {"Type": "Map", "ItemsPath": "$.all", "MaxConcurrency": 1, "Iterator": body, "End": True}
    assert how_often(states.read(machine(Items=items, Each=each))) == {"Each/Score": Runs(4, 4)}
    assert how_often(states.read(machine(Each=each))) == {"Each/Score": Runs(0, None)}


@pytest.mark.parametrize(
    ("batcher", "most"),
    [
        ({"MaxItemsPerBatch": 300}, 4),  # ceil(1000 / 300)
        (None, 1000),
        ({"MaxItemsPerBatch": 300, "MaxInputBytesPerBatch": 1000}, 1000),  # bytes may make them smaller
    ],
)
def test_the_items_that_a_distributed_map_may_read_bound_it(batcher: dict[str, int] | None, most: int) -> None:
    each = {
        "Type": "Map",
        "ItemReader": {"ReaderConfig": {"MaxItems": 1000}},
        "ItemProcessor": machine(Score=task()),
        "End": True,
        **({"ItemBatcher": batcher} if batcher else {}),
    }
    assert how_often(states.read(machine(Each=each))) == {"Each/Score": Runs(0, most)}


def test_retries_of_branches_and_of_maps_are_tries_of_all_that_is_in_them() -> None:
    twice = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    both = {
        "Type": "Parallel",
        "Branches": [machine(A=task(Retry=twice)), machine(B=task())],
        "Retry": twice,
        "End": True,
    }
    found = states.read(machine(Both=both))
    assert how_often(found) == {"Both/A": Runs(1, 4), "Both/B": Runs(1, 2)}
    assert runs(found.flow, 2, retries=False) == [Runs(1, 1), Runs(1, 1)]


def test_paths_begin_at_the_part_of_the_input_that_a_state_takes() -> None:
    given = {"Type": "Pass", "Result": {"n": 9, "xs": [1, 2, 3], "a": {"n": 2, "xs": [1]}}, "Next": "Then"}
    counted = request(TransformResources={"InstanceType": "ml.m5.xlarge", "InstanceCount.$": "$.n"})
    scored = task(InputPath="$.a", Parameters=counted)
    assert only(states.read(machine(First=given, Then=scored))).instance_count == 2
    lost = only(states.read(machine(First=given, Then={**scored, "InputPath": None}))).instance_count
    assert isinstance(lost, Unknown)
    each = {"Type": "Map", "InputPath": "$.a", "ItemsPath": "$.xs", "ItemProcessor": machine(Score=task()), "End": True}
    assert how_often(states.read(machine(First=given, Then=each))) == {"Then/Score": Runs(1, 1)}


def test_a_pass_that_puts_its_input_under_a_name_leaves_nothing_known_of_that() -> None:
    counted = request(TransformResources={"InstanceType": "ml.m5.xlarge", "InstanceCount.$": "$.n"})
    first = {"Type": "Pass", "Result": {"n": 2}, "Next": "Under"}
    under = {"Type": "Pass", "ResultPath": "$.n", "Next": "Score"}
    assert isinstance(
        only(states.read(machine(First=first, Under=under, Score=task(Parameters=counted)))).instance_count, Unknown
    )
    beside = {**under, "ResultPath": "$.other"}
    kept = states.read(machine(First=first, Under=beside, Score=task(Parameters=counted)))
    assert only(kept).instance_count == 2


@pytest.mark.parametrize(
    ("retry", "most"),
    [
        ([{"ErrorEquals": ["States.TaskFailed"]}], 4),  # MaxAttempts left out is 3, after the first try
        ([{"ErrorEquals": ["A"], "MaxAttempts": 1}, {"ErrorEquals": ["B"], "MaxAttempts": 1}], 3),
        ([{"ErrorEquals": ["SageMaker.ThrottlingException"], "MaxAttempts": 10}], 1),  # refused: no job, no bill
        ([{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}], 1),
    ],
)
def test_each_retry_behind_a_job_may_be_another_job(retry: list[Any], most: int) -> None:
    assert how_often(states.read(machine(Score=task(Retry=retry)))) == {"Score": Runs(1, most)}


def test_a_name_that_is_written_out_starts_one_job_ever() -> None:
    named = {key: value for key, value in request().items() if key != "TransformJobName.$"}
    constant = task(Parameters={**named, "TransformJobName": "nightly"}, Retry=[{"ErrorEquals": ["States.ALL"]}])
    found = states.read(machine(Score=constant))
    assert only(found).has_fixed_name
    assert how_often(found) == {"Score": Runs(0, 1)}


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("States.Format('nightly')", True),
        ("States.Format('{}-{}', $$.StateMachine.Name, $$.State.Name)", True),
        ("$$.StateMachine.Id", True),
        ("States.Format('$-{}', 'x')", True),
        ("$$.Execution.Name", False),
        ("States.Format('nightly-{}', $$.Execution.StartTime)", False),
        ("States.UUID()", False),
        ("States.Format('{}', States.MathRandom(1, 9))", False),
        ("$.name", False),
    ],
)
def test_a_name_that_is_made_of_what_stays_stays_the_same(name: str, *, stays: bool) -> None:
    job = only(states.read(machine(Score=task(Parameters=request(**{"TransformJobName.$": name})))))
    assert job.has_fixed_name is stays


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("{% 'nightly' %}", True),
        ("{% 'a-' & $states.context.StateMachine.Name %}", True),
        ("{% $uuid() %}", False),
        ("{% 'a-' & $states.context.Execution.Name %}", False),
        ("{% $name %}", False),
    ],
)
def test_so_does_one_in_jsonata(name: str, *, stays: bool) -> None:
    written = {key: value for key, value in request().items() if key != "TransformJobName.$"}
    arguments = {"Arguments": {**written, "TransformJobName": name}, "QueryLanguage": "JSONata"}
    score = {key: value for key, value in task().items() if key != "Parameters"}
    assert only(states.read(machine(Score=score | arguments))).has_fixed_name is stays


FOUR = {"Type": "Pass", "Result": [1, 2, 3, 4], "ResultPath": "$.all", "Next": "Each"}


def over_four(state: dict[str, Any], **others: Any) -> dict[str, Any]:
    """A machine that runs a state for each of four items."""
    body = machine(Score=state) | others
    return machine(Items=FOUR, Each={"Type": "Map", "ItemsPath": "$.all", "ItemProcessor": body, "End": True})


def named(expression: str, **others: Any) -> dict[str, Any]:
    return task(Parameters=request(**{"TransformJobName.$": expression}), **others)


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("$$.Execution.Name", 1),
        ("States.Format('{}-{}', $$.Execution.StartTime, $$.State.Name)", 1),
        ("$$.Execution.Input.job", 1),
        ("States.Format('{}-{}', $$.Execution.Name, $$.State.RetryCount)", 1),  # each item begins its tries at 0
        ("States.Format('{}-{}', $$.Execution.Name, $$.Map.Item.Index)", 4),
        ("States.Format('{}-{}', $$.Execution.Name, States.UUID())", 4),
        ("$.name", 4),
    ],
)
def test_items_that_share_the_name_of_their_execution_are_one_job_at_least(name: str, least: int) -> None:
    """TransformJobName "must be unique within an AWS Region in an AWS account": the other three are refused."""
    assert how_often(states.read(over_four(named(name)))) == {"Each/Score": Runs(least, 4)}


def test_an_item_of_a_distributed_map_is_an_execution_with_a_name_of_its_own() -> None:
    alone = over_four(named("$$.Execution.Name"), ProcessorConfig={"Mode": "DISTRIBUTED"})
    assert how_often(states.read(alone)) == {"Each/Score": Runs(4, 4)}
    inner = {"Type": "Map", "ItemsPath": "$.all", "ItemProcessor": machine(Score=named("$$.Execution.Name"))}
    nested = machine(Items=FOUR, Each=inner | {"End": True})
    both = machine(
        Items=FOUR,
        Each={
            "Type": "Map",
            "ItemsPath": "$.all",
            "ItemProcessor": nested | {"ProcessorConfig": {"Mode": "DISTRIBUTED"}},
            "End": True,
        },
    )
    # 4 executions, each of which has one job at least and 4 at most
    assert how_often(states.read(both)) == {"Each/Each/Score": Runs(4, 16)}


def test_the_cheapest_way_counts_items_that_share_a_name_once() -> None:
    """Of a job of 10 USD over four items one starts: 10 USD at least and 40 at most."""
    flow = states.read(over_four(named("$$.Execution.Name"))).flow
    assert span(flow, [Decimal(10)], [Decimal(10)]) == (10, 40)


def test_executions_of_the_same_name_are_one_at_least() -> None:
    start = task(
        "arn:aws:states:::states:startExecution", Parameters={"StateMachineArn": "x", "Name.$": "$$.Execution.Name"}
    )
    flow = states.read(over_four(start)).flow
    assert runs(flow, 1, of="starts") == [Runs(1, 4)]


@pytest.mark.parametrize(
    ("name", "names", "expected"),
    [
        ("States.Format('a-{}', $$.Map.Item.Index)", 4, Runs(0, 4)),
        ("$$.State.RetryCount", 2, Runs(0, 8)),  # the names 0 and 1, which each of four items tries
        ("States.Format('{}-{}', $$.Map.Item.Index, $$.State.RetryCount)", 8, Runs(0, 8)),
        ("States.Format('a-{}', $$.Execution.Input.job)", 1, Runs(1, 4)),  # one, each time that it is another input
    ],
)
def test_a_name_that_comes_again_in_each_execution_is_once_ever_for_each_that_it_is(
    name: str, names: int, expected: Runs
) -> None:
    again = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]
    found = states.read(over_four(named(name, Retry=again)), {"job": "nightly"})
    assert (only(found).has_fixed_name, only(found).names) == (True, names)
    assert how_often(found) == {"Each/Score": expected}


def test_a_name_of_an_item_comes_again_in_each_execution_where_the_items_are_written_out() -> None:
    name = "States.Format('a-{}', $$.Map.Item.Value)"
    written = states.read(over_four(named(name)))
    assert (only(written).has_fixed_name, only(written).names) == (True, 4)
    assert how_often(written) == {"Each/Score": Runs(0, 4)}
    asked = {"Type": "Map", "ItemsPath": "$.all", "ItemProcessor": machine(Score=named(name)), "End": True}
    assert not only(states.read(machine(Each=asked))).has_fixed_name  # the items of each execution are its own
    dated = {"Type": "Pass", "Parameters": {"all": [{"day.$": "$.day"}]}, "Next": "Each"}
    found = states.read(machine(Items=dated, Each=asked))
    assert how_often(found) == {"Each/Score": Runs(1, 1)}  # one item, which is another one each day
    assert not only(found).has_fixed_name


def test_a_name_of_the_index_alone_in_a_map_without_an_end_is_nobody_knows_how_many() -> None:
    each = {"Type": "Map", "ItemProcessor": machine(Score=named("$$.Map.Item.Index")), "End": True}
    job = only(states.read(machine(Each=each)))
    assert (job.has_fixed_name, job.names) == (True, None)


@pytest.mark.parametrize(("name", "stays"), [("States.Format('a-{}', $.job)", True), ("$.job", True), ("$.x", False)])
def test_a_name_made_of_an_input_that_is_always_the_same_stays_too(name: str, *, stays: bool) -> None:
    assert only(states.read(machine(Score=named(name)), {"job": "nightly"})).has_fixed_name is stays


def test_a_choice_without_a_default_may_choose_nothing() -> None:
    rule = {"Variable": "$.x", "IsPresent": True, "Next": "Score"}
    choice = {"Type": "Choice", "Choices": [rule]}
    assert how_often(states.read(machine(Any=choice, Score=task()))) == {"Score": Runs(0, 1)}
    default = choice | {"Default": "Score"}
    assert how_often(states.read(machine(Any=default, Score=task()))) == {"Score": Runs(1, 1)}


def test_a_retry_around_a_job_multiplies_how_many_jobs_it_starts() -> None:
    """Two tries of the job in each of four of the branches are eight; a name that stays is one job ever."""
    again = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]
    around = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}]
    fixed = task(Parameters={"TransformJobName": "nightly", **request()}, Retry=again)
    branches = [machine(Score=task(Retry=again)), machine(Fixed=fixed)]
    found = states.read(machine(Both={"Type": "Parallel", "Branches": branches, "Retry": around, "End": True}))
    assert [job.attempts for job in found.jobs] == [8, 1]
    mapped = {"Type": "Map", "ItemProcessor": machine(Score=task(Retry=again)), "Retry": around, "End": True}
    assert only(states.read(machine(Each=mapped))).attempts == 8
    endless = mapped | {"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": "{% $n %}"}]}
    assert only(states.read(machine(Each=endless))).attempts is None


def test_a_catch_leads_to_a_second_job_and_parallel_branches_both_run() -> None:
    caught = task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Again"}])
    assert how_often(states.read(machine(Score=caught, Again=task()))) == {"Score": Runs(1, 1), "Again": Runs(0, 1)}
    both = {"Type": "Parallel", "Branches": [machine(A=task()), machine(B=task())], "End": True}
    assert how_often(states.read(machine(Both=both))) == {"Both/A": Runs(1, 1), "Both/B": Runs(1, 1)}


def test_placeholders_without_quotes_are_no_broken_json() -> None:
    text = """{"StartAt": "S", "States": {"S": {"Type": "Task",
      "Resource": "arn:aws:states:::sagemaker:createTransformJob"
      , %{ if wait }"TimeoutSeconds": ${Seconds},%{ endif }
      "Parameters": {"TransformResources": {"InstanceType": "${Type}", "InstanceCount": ${Count}}}, "End": true}}}"""
    job = only(states.read(value_of(text)))
    assert job.instance_types == (Unknown("InstanceType is the placeholder ${Type}", "${Type}"),)
    assert isinstance(job.instance_count, Unknown)
    assert job.instance_count.reason == "InstanceCount is the placeholder ${Count}"


@pytest.mark.parametrize(("kind", "count"), [("{{resolve:ssm:/kind}}", "{{resolve:ssm:/count:2}}")])
def test_what_cloudformation_looks_up_when_it_deploys_is_a_placeholder(kind: str, count: str) -> None:
    text = f"""{{"StartAt": "S", "States": {{"S": {{"Type": "Task", "Resource": "{SYNC}", "Parameters":
      {{"TransformResources": {{"InstanceType": "{kind}", "InstanceCount": {count}}}}}, "End": true}}}}}}"""
    job = only(states.read(value_of(text)))
    assert job.instance_types == (Unknown(f"InstanceType is the dynamic reference {kind}", kind),)
    assert isinstance(job.instance_count, Unknown)
    assert job.instance_count.reason == f"InstanceCount is the dynamic reference {count}"


@pytest.mark.parametrize(
    "broken",
    [
        {"StartAt": "A", "States": {}},
        {"StartAt": "Nowhere", "States": {"A": {"Type": "Pass"}}},
        {"StartAt": "A", "States": {"A": 3}},
        {"StartAt": ["A"], "States": {"A": {"Type": "Pass"}}},
        {"StartAt": "A", "States": [1]},
    ],
)
def test_what_cannot_be_read_of_a_machine_is_said(broken: dict[str, Any]) -> None:
    assert states.read(broken).doubts


@pytest.mark.parametrize("odd", [None, 3, "x", [], {}, [3], {"Next": 3}])
def test_odd_values_anywhere_are_no_traceback(odd: Any) -> None:
    names = ["Retry", "Catch", "Parameters", "TimeoutSeconds", "Next", "End", "Resource", "Choices", "Branches"]
    names += ["ItemProcessor", "ItemReader", "ItemBatcher", "ItemsPath", "ResultPath", "QueryLanguage", "Type"]
    for kind in ("Task", "Map", "Parallel", "Choice", "Pass"):
        for name in names:
            states.read(machine(S={**task(), "Type": kind, "Iterator": machine(T=task()), name: odd}))


@pytest.mark.parametrize(
    ("result", "path", "expected"),
    [
        ([1, 2, 3, 4], "$", Runs(4, 4)),
        ({"l": {"a": 1, "b": 2}}, "$.l", Runs(2, 2)),  # "an iteration for each key-value pair in the object"
        ({"a": 1, "b": 2}, "$", Runs(0, None)),  # other names may stand beside what is known of an input
    ],
)
def test_a_map_runs_for_each_item_of_a_list_and_each_name_of_an_object(result: Any, path: str, expected: Runs) -> None:
    """Step Functions developer guide, "ItemsPath (Map, JSONPath only)"."""
    each = {"Type": "Map", "ItemsPath": path, "ItemProcessor": machine(Score=named("States.UUID()")), "End": True}
    written = {"Type": "Pass", "Result": result, "Next": "Each"}
    assert how_often(states.read(machine(Write=written, Each=each))) == {"Each/Score": expected}


def test_a_map_in_jsonata_runs_for_each_name_of_an_object() -> None:
    job = {"Type": "Task", "Resource": SYNC, "Arguments": request(), "End": True}
    each = {"Type": "Map", "Items": {"a": 1, "b": 2}, "ItemProcessor": machine(Score=job), "End": True}
    found = states.read({**machine(Each=each), "QueryLanguage": "JSONata"})
    assert how_often(found) == {"Each/Score": Runs(2, 2)}

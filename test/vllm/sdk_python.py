"""The same promises through the official SDK for Python. Reads a scenario's name from each line of standard input and answers with one line of JSON.

Arguments: URL MODEL MODE (direct or through); the key comes in CONTRACT_KEY. The first line written is the list of names.
"""

import json
import os
import sys
import threading

import openai

url, model, mode = sys.argv[1:4]
key = os.environ["CONTRACT_KEY"]
client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=60)
HELLO = [{"role": "user", "content": "hello world"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"unit": {"enum": ["celsius", "kelvin"]}},
            "required": ["unit"],
            "additionalProperties": False,
        },
    },
}
NAMED = {"type": "function", "function": {"name": "get_weather"}}
FIXED = {"ignore_eos": True}


def cost(usage):
    details = usage.prompt_tokens_details
    return {
        "prompt": usage.prompt_tokens,
        "completion": usage.completion_tokens,
        "cached": details.cached_tokens if details else None,
    }


def ask(**body):
    raw = client.chat.completions.with_raw_response.create(**{"model": model, "messages": HELLO, "max_tokens": 12, **body})
    return raw.parse(), raw.headers.get("x-request-id")


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def models_are_listed():
    assert model in [entry.id for entry in client.models.list()]
    return {}


def a_chat_answers():
    answer, request_id = ask()
    assert answer.choices[0].message.role == "assistant"
    return {"requestId": request_id, "usage": cost(answer.usage)}


def a_chat_streams_and_says_its_usage_when_asked():
    stream, request_id = ask(stream=True, extra_body=FIXED, stream_options={"include_usage": True})
    chunks = list(stream)
    assert [chunk for chunk in chunks if not chunk.choices] == chunks[-1:]
    return {"requestId": request_id, "usage": cost(chunks[-1].usage)}


def a_chat_stream_says_nothing_of_usage_when_not_asked():
    stream, request_id = ask(stream=True, extra_body=FIXED)
    chunks = list(stream)
    assert all(chunk.choices and not chunk.usage for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "length"
    return {"requestId": request_id, "usage": {"completion": 12}}


def a_completion_streams():
    raw = client.completions.with_raw_response.create(
        model=model, prompt="hello", max_tokens=8, stream=True, extra_body=FIXED, stream_options={"include_usage": True}
    )
    chunks = list(raw.parse())
    assert chunks[-1].usage.completion_tokens == 8
    return {"requestId": raw.headers.get("x-request-id"), "usage": cost(chunks[-1].usage)}


def a_named_tool_is_called():
    answer, request_id = ask(max_tokens=400, tools=[WEATHER], tool_choice=NAMED, seed=4)
    call = answer.choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments)["unit"] in ("celsius", "kelvin")
    return {"requestId": request_id, "usage": cost(answer.usage)}


def a_named_tool_is_called_in_a_stream():
    stream, request_id = ask(
        max_tokens=400, tools=[WEATHER], tool_choice=NAMED, seed=4, stream=True, stream_options={"include_usage": True}
    )
    text, usage = "", None
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            for call in choice.delta.tool_calls or []:
                text += call.function.arguments or ""
    assert json.loads(text)["unit"] in ("celsius", "kelvin")
    return {"requestId": request_id, "usage": cost(usage)}


def a_response_answers():
    raw = client.responses.with_raw_response.create(model=model, input="hello world", max_output_tokens=12)
    usage = raw.parse().usage
    return {
        "requestId": raw.headers.get("x-request-id"),
        "usage": {"prompt": usage.input_tokens, "completion": usage.output_tokens},
    }


def a_client_that_leaves_mid_stream_frees_the_pod():
    stream, request_id = ask(max_tokens=4_000, stream=True, extra_body=FIXED)
    seen = 0
    for chunk in stream:
        seen += bool(chunk.choices and chunk.choices[0].delta.content)
        if seen == 20:
            break
    stream.close()
    return {"requestId": request_id, "outcome": "client_closed", "seen": seen}


def a_client_that_leaves_before_the_answer_frees_the_pod():
    hasty = client.with_options(timeout=0.4)
    body = {"model": model, "messages": HELLO, "max_tokens": 4_000, "extra_body": FIXED}
    refused(openai.APITimeoutError, lambda: hasty.chat.completions.create(**body))
    return {"outcome": "client_closed"}


def a_wrong_key_is_refused():
    stranger = client.with_options(api_key="sk-vllm-" + "x" * 38)
    error = refused(openai.AuthenticationError, lambda: stranger.models.list())
    assert mode == "direct" or error.code == "invalid_api_key", error.code
    return {"status": 401}


def an_unknown_model_is_refused():
    error = refused(openai.NotFoundError, lambda: ask(model="nope"))
    assert mode == "direct" or error.code == "model_not_found", error.code
    return {"requestId": error.request_id, "status": 404}


def a_value_out_of_range_is_refused_in_the_pods_words():
    error = refused(openai.BadRequestError, lambda: ask(temperature=5))
    assert "temperature" in error.message, error.message
    return {"requestId": error.request_id, "status": 400}


def eight_streams_at_once():
    costs = []

    def one():
        stream, _ = ask(max_tokens=40, stream=True, stream_options={"include_usage": True})
        costs.append(cost(list(stream)[-1].usage))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"usage": {name: sum(each[name] for each in costs) for name in ("prompt", "completion")}}


SCENARIOS = [
    models_are_listed,
    a_chat_answers,
    a_chat_streams_and_says_its_usage_when_asked,
    a_chat_stream_says_nothing_of_usage_when_not_asked,
    a_completion_streams,
    a_named_tool_is_called,
    a_named_tool_is_called_in_a_stream,
    a_response_answers,
    a_client_that_leaves_mid_stream_frees_the_pod,
    a_client_that_leaves_before_the_answer_frees_the_pod,
    a_wrong_key_is_refused,
    an_unknown_model_is_refused,
    a_value_out_of_range_is_refused_in_the_pods_words,
    eight_streams_at_once,
]
BY_NAME = {scenario.__name__.replace("_", " "): scenario for scenario in SCENARIOS}

if __name__ == "__main__":
    print(json.dumps(list(BY_NAME)), flush=True)
    for line in sys.stdin:
        try:
            answer = BY_NAME[line.strip()]()
        except Exception as error:  # reported as this scenario's failure
            answer = {"failure": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)

#!/usr/bin/env python3
"""The tokens of `capture --chat-template on` are those of Transformers' `apply_chat_template`.

    prove-chat.py CAPTURE MODEL.gguf MODEL_FOLDER WORK_FOLDER     with the program in FKV

Besides the model's own template, its file is given templates of the forms that Qwen2.5 and Gemma 3 have: a default system
message in an `else` that tools precede, a begin token that the template writes, roles that must alternate, a system
message inside the user's, trimmed messages. They are written for this proof.
"""
import os
import sys
from pathlib import Path

import gguf
from transformers import AutoTokenizer

from proof import capture_tokens, check, finish, fkv

QWEN_FORM = """\
{%- if tools %}
    {{- '<|im_start|>system\\n' }}{% for tool in tools %}{{ tool | tojson }}{% endfor %}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou are a form of another template.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
GEMMA_FORM = """\
{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- set prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set prefix = "" -%}
    {%- set rest = messages -%}
{%- endif -%}
{%- for message in rest -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("roles must alternate") }}
    {%- endif -%}
    {{ '<|im_start|>' + ('model' if message.role == 'assistant' else message.role) + '\\n' + (prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- endif -%}
    {{ '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<|im_start|>model\\n'}}
{%- endif -%}
"""
MESSAGES = ["What is 2+2?", " \n\n lead and trail \n\n", "ü 🙂 日本語\n\ttab", "x" * 300, "a\r\nb",
            "def f(x):\n    return x**2\n", "{{ 1 }} {% if %}", "<think>a</think>"]


def with_template(model, template, path):
    """The model file with another chat template."""
    reader = gguf.GGUFReader(model)
    writer = gguf.GGUFWriter(path, reader.get_field("general.architecture").contents())
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "tokenizer.chat_template"):
            continue
        kind = field.types[0]
        writer.add_key_value(field.name, field.contents(), kind, field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
    writer.add_chat_template(template)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(_, model, __, work):
    work = Path(work)
    work.mkdir(parents=True, exist_ok=True)
    for name, template in (("own", None), ("of Qwen2.5's form", QWEN_FORM), ("of Gemma 3's form", GEMMA_FORM)):
        path = model
        if template is not None:
            path = work / "other.gguf"
            with_template(model, template, path)
        tokenizer = AutoTokenizer.from_pretrained(os.path.dirname(model), gguf_file=os.path.basename(model))
        if template is not None:
            tokenizer.chat_template = template
        same = total = 0
        for message in MESSAGES:
            for system in (None, "Be brief.\n"):
                turns = [{"role": "system", "content": system}] if system else []
                expected = tokenizer.apply_chat_template(
                    turns + [{"role": "user", "content": message}], add_generation_prompt=True, return_dict=False)
                (work / "prompt.txt").write_bytes(message.encode())
                fkv("capture", work / "prompt.txt", "--model", path, "--chat-template", "on", "--probe", 0, "--threads", 1,
                    *(["--system", system] if system else []), "-o", work / "chat.safetensors")
                total += 1
                same += list(capture_tokens(work / "chat.safetensors")) == list(expected)
        check(f"chat template {name}", same == total, f"tokens equal in {same} of {total} conversations")
    finish()


if __name__ == "__main__":
    main(*sys.argv[1:])

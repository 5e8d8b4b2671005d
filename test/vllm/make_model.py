"""Writes a tiny Llama with random weights and a tokenizer of its own, so that vLLM has something to serve without any download.

Usage: make_model.py FOLDER. Its answers are noise, but every number a server reports about them (tokens, chunks, ends) is real.
"""

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

BEGIN, END = "<|begin|>", "<|end|>"
# Turns for the chat template; the thinking marks only so that a reasoning parser accepts the tokenizer.
OTHER_MARKS = ["<|turn|>", "<|done|>", "<think>", "</think>"]

# A few sentences are enough to give common words a token of their own; every other byte has one anyway.
CORPUS = [
    "The quick brown fox jumps over the lazy dog and tells the pod a story about keys, tokens and rivers.",
    "You are a helpful assistant. Answer in one short sentence, then stop. What is the weather in Kathmandu today?",
    '{"name": "get_weather", "arguments": {"city": "Kathmandu", "unit": "celsius"}}',
    "user system assistant tool hello world please count from one to ten and say nothing else",
]

# Tools are listed as JSON before the first turn; earlier calls and their results are part of the conversation.
CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% if tools %}<|turn|>system\nTools: {{ tools | tojson }}<|done|>{% endif %}"
    "{% for message in messages %}"
    "<|turn|>{{ message.role }}\n"
    "{% if message.content is string %}{{ message.content }}"
    "{% elif message.content %}{% for part in message.content %}{{ part.text }}{% endfor %}{% endif %}"
    "{% for call in message.tool_calls or [] %}<tool_call>{{ call.function | tojson }}</tool_call>{% endfor %}"
    "<|done|>"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
)


def write_tokenizer(folder: Path) -> int:
    """A byte-level BPE of at most 512 tokens; returns how many there are."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=[BEGIN, END, *OTHER_MARKS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BEGIN, eos_token=END, pad_token=END, chat_template=CHAT_TEMPLATE
    )
    wrapped.save_pretrained(folder)
    return len(wrapped)


def write_model(folder: Path, vocabulary: int) -> None:
    torch.manual_seed(20)  # the same noise each time
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=4096,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write_model(target, write_tokenizer(target))

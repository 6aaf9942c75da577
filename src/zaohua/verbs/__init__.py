"""What each verb takes from the command line and what it does with it; heavy imports wait for the work."""

from zaohua.training.interruption import ASKED_TO_END, Interrupted
from zaohua.verbs.flags import PARAMETER, model_at, settings_named
from zaohua.verbs.help import ChineseHelp
from zaohua.verbs.misreading import misread
from zaohua.verbs.models import chat, evaluate, finetune, generate, inspect, pretrain, serve
from zaohua.verbs.texts import corpus, tokenizer, tokens
from zaohua.verbs.watching import runs
from zaohua.verbs.whole import make, plan, quickstart, run, verify

__all__ = [
    "ASKED_TO_END", "PARAMETER", "ChineseHelp", "Interrupted", "chat", "corpus", "evaluate", "finetune",
    "generate", "inspect", "make", "misread", "model_at", "plan", "pretrain", "quickstart", "run", "runs", "serve",
    "settings_named", "tokenizer", "tokens", "verify",
]  # fmt: skip

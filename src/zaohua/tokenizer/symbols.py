"""The 256 printable characters under which GPT-2's file format writes the 256 bytes (openai/gpt-2, encoder.py)."""


def _symbols() -> dict[str, int]:
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(hidden)}


SYMBOL_BYTES = _symbols()
"""Symbol -> the byte that it stands for."""

BYTE_SYMBOLS = {byte: symbol for symbol, byte in SYMBOL_BYTES.items()}
"""Byte -> the symbol that it is written as."""

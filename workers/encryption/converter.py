"""The one place that makes the data converter: every client and every worker takes it from here."""

import dataclasses
from pathlib import Path

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes

from workers.encryption.codec import SealingCodec
from workers.encryption.key_ring import LastingRing


def data_converter(key_ring: Path | None) -> DataConverter:
    """Return the product's data converter; with a key ring it seals payloads and the texts of failures.

    Without one payloads are plain JSON, and sealed ones cannot be read. Raises KeyRingInvalid.
    """
    if key_ring is None:
        return pydantic_data_converter
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=SealingCodec(LastingRing(key_ring)),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )

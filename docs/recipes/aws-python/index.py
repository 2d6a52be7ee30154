"""A batch of a Kinesis stream into S3: what the handlers of this repository do, in Python."""

import base64
import gzip
import hashlib
import json
import logging
import os
from datetime import datetime, timezone
from decimal import Decimal

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from transform import transform

# The processor sets these: what the bindings of its store and its dead letter hand back, and its own name.
PROCESSOR, BUCKET, PREFIX, QUEUE_URL = (
    os.environ[name] for name in ("PROCESSOR", "STORE_BUCKET", "STORE_PREFIX", "DEAD_LETTER_QUEUE_URL")
)
# A service that stalls must fail while the function still lives, so that the batch comes again as it was.
CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
S3, SQS = boto3.client("s3", config=CONFIG), boto3.client("sqs", config=CONFIG)
LOG = logging.getLogger()
# What one message of a queue takes of a payload, with room for the reason and the position, and what one call takes.
PAYLOAD_CHARACTERS, CALL_BYTES, CALL_MESSAGES = 240_000, 256 * 1024, 10
REQUIRED = ("specversion", "id", "source", "type", "time")


def handler(batch, context):
    """Settles a batch as a whole: when a write fails, the same batch comes again, and makes objects of the same names."""
    records = batch["Records"]
    lots, letters = {}, []
    for record in records:
        payload = base64.b64decode(record["kinesis"]["data"])
        try:
            lines = [json.dumps(row, ensure_ascii=False, allow_nan=False).encode() for row in transform(event_of(payload))]
        except Exception as error:  # Each of these steps gives the same result at every try.
            letters.append(letter_of(record, payload, f"{type(error).__name__}: {error}"))
            continue
        if lines:
            hour = int(record["kinesis"]["approximateArrivalTimestamp"] // 3600)
            lots.setdefault(hour, []).append((record, lines))
    try:
        for lot in lots.values():
            write(lot)
        send([message for letter in letters for message in messages_of(letter)])
    except Exception:
        LOG.exception("The batch failed and will be tried again.")
        return {"batchItemFailures": [{"itemIdentifier": records[0]["kinesis"]["sequenceNumber"]}]}
    LOG.info("Batch settled.", extra={"records": len(records), "deadLetters": len(letters)})
    return {"batchItemFailures": []}


def event_of(payload: bytes) -> dict:
    """An event, as far as the gateway has not checked it: other writers may put anything into the stream."""
    event = json.loads(payload.decode(), parse_float=exactly, parse_constant=refuse, object_pairs_hook=once)
    if not isinstance(event, dict) or not all(isinstance(event.get(name), str) and event[name] for name in REQUIRED):
        raise ValueError(f"an event is an object with the texts {', '.join(REQUIRED)}")
    return event


def exactly(digits: str) -> float:
    """No digit is lost without a word: a float of Python does not hold them all."""
    number = float(digits)
    if Decimal(repr(number)) != Decimal(digits):
        raise ValueError(f"the number {digits[:20]} has more digits than a float holds")
    return number


def refuse(constant: str):
    raise ValueError(f"{constant} is no JSON")


def once(pairs: list) -> dict:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name occurs twice in an object")
    return members


def write(lot: list) -> None:
    """One object for the records of an hour. It is written only where none has its name, so a retry changes nothing."""
    records = [record for record, _ in lot]
    numbers = [record["kinesis"]["sequenceNumber"] for record in records]
    shard = records[0]["eventID"].split(":")[0]
    digest = hashlib.sha256(",".join([records[0]["eventSourceARN"], *numbers]).encode()).hexdigest()[:8]
    arrived = datetime.fromtimestamp(records[0]["kinesis"]["approximateArrivalTimestamp"], timezone.utc)
    folder = arrived.strftime("year=%Y/month=%m/day=%d/hour=%H")
    text = b"".join(line + b"\n" for _, lines in lot for line in lines)
    try:
        S3.put_object(
            Bucket=BUCKET,
            Key=f"{PREFIX}{folder}/{shard}-{numbers[0]}-{numbers[-1]}-{digest}-{PROCESSOR}.ndjson.gz",
            Body=gzip.compress(text, mtime=0),
            ContentType="application/gzip",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:
            raise


def letter_of(record: dict, payload: bytes, reason: str) -> dict:
    kinesis = record["kinesis"]
    position = {
        "stream": record["eventSourceARN"],
        "shard": record["eventID"].split(":")[0],
        "sequenceNumber": kinesis["sequenceNumber"],
    }
    try:
        body = {"encoding": "text", "payload": payload.decode()}
    except UnicodeDecodeError:
        body = {"encoding": "base64", "payload": base64.b64encode(payload).decode()}
    return {"reason": " ".join(reason.split())[:1000], "position": position, **body}


def messages_of(letter: dict) -> list[str]:
    """One message, or as many as a large payload takes: then each holds a part of it in base64. `npm run replay` reads both."""
    message = json.dumps(letter)
    if len(message) <= PAYLOAD_CHARACTERS:
        return [message]
    payload = letter["payload"]
    text = payload if letter["encoding"] == "base64" else base64.b64encode(payload.encode()).decode()
    parts = [text[start : start + PAYLOAD_CHARACTERS] for start in range(0, len(text), PAYLOAD_CHARACTERS)]
    return [
        json.dumps({**letter, "encoding": "base64", "payload": part, "part": number, "parts": len(parts)})
        for number, part in enumerate(parts, 1)
    ]


def send(messages: list[str]) -> None:
    """As many messages in each call as it takes. An answer that a call went well says nothing of its messages."""
    calls = []
    for message in messages:
        if not calls or len(calls[-1]) == CALL_MESSAGES or sum(map(len, calls[-1])) + len(message) > CALL_BYTES:
            calls.append([])
        calls[-1].append(message)
    for call in calls:
        entries = [{"Id": str(number), "MessageBody": message} for number, message in enumerate(call)]
        failed = SQS.send_message_batch(QueueUrl=QUEUE_URL, Entries=entries).get("Failed")
        if failed:
            raise RuntimeError(f"{len(failed)} letters were not taken by the queue, the first for {failed[0]['Code']}")

"""Live sound over a WebSocket, with a state for as long as it is open."""

import asyncio
import json
from contextlib import suppress
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from speechgan.audio.pcm import Pcm
from speechgan.inference.enhancement.streaming import Stream
from speechgan.service.limits import Limits
from speechgan.service.models import Models
from speechgan.service.together import Together
from speechgan.service.wishes import ConvertedStream, EnhancedStream, Sound
from speechgan.utils.errors import SpeechganError

END = "end"
BRIEF_SECONDS = 0.25
# Status codes of RFC 6455 and IANA.
DONE, BAD_DATA, REFUSED, TRY_LATER = 1000, 1007, 1008, 1013


class Streams:
    """The open streams.

    Args:
        models: that are served.
        limits: of each, and of their number.
    """

    def __init__(self, models: Models, limits: Limits) -> None:
        self.models, self.limits = models, limits
        self.together = Together()
        self.open = 0
        """How many there are."""

    async def serve(self, socket: WebSocket) -> None:
        """Serves one stream until either side ends it."""
        await socket.accept()
        if self.open >= self.limits.streams:
            await socket.close(TRY_LATER, "too many streams; try again later")
            return
        self.open += 1
        try:
            async with asyncio.timeout(self.limits.stream_seconds):
                await Conversation(socket, self.together, self.limits.idle_seconds).follow(
                    self.models
                )
            code, reason = DONE, ""
        except WebSocketDisconnect:
            return
        except TimeoutError:
            code, reason = REFUSED, "the stream took too long, or said nothing for too long"
        except SpeechganError as error:
            code, reason = BAD_DATA, str(error)
        finally:
            self.open -= 1
        with suppress(WebSocketDisconnect):  # the client may be gone
            # A reason is limited to 123 bytes; most errors fit.
            await socket.close(code, reason.encode()[:120].decode(errors="ignore"))


class Conversation:
    """The messages of one WebSocket.

    Args:
        socket: the WebSocket.
        together: enhances it in batches with others.
        seconds: timeout for the client's next message, and for sending one.
    """

    def __init__(self, socket: WebSocket, together: Together, seconds: float) -> None:
        self.socket, self.together, self.seconds = socket, together, seconds

    async def follow(self, models: Models) -> None:
        """Reads the parameters, then samples, and answers each message, until the end.

        Raises:
            SpeechganError: an invalid message.
            TimeoutError: the client is idle for too long.
            WebSocketDisconnect: it has disconnected.
        """
        wish = read_wish(await self._hear())
        pcm = wish.pcm()
        sound = await asyncio.to_thread(wish.for_stream, models, pcm)
        while (message := await self._hear()) != END:
            await self._say(await self._work(sound, pcm, require_samples(message, pcm)))
        await self._say(pcm.encode(await asyncio.to_thread(sound.flush)))

    async def _work(self, sound: Sound, pcm: Pcm, samples: bytes) -> bytes:
        """Processes samples: short blocks of enhancement in batches with other streams, else alone.

        Long blocks would delay the others, and conversion cannot be batched.
        """
        brief = len(samples) <= BRIEF_SECONDS * pcm.sample_rate * pcm.step
        if brief and isinstance(sound, Stream):
            return pcm.encode(await self.together.hear(sound, pcm.decode(samples)))
        return await asyncio.to_thread(lambda: pcm.encode(sound(pcm.decode(samples))))

    async def _hear(self) -> str | bytes:
        async with asyncio.timeout(self.seconds):
            message = await self.socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", DONE))
        heard: str | bytes = message.get("text") or message.get("bytes") or b""
        return heard

    async def _say(self, samples: bytes) -> None:
        async with asyncio.timeout(self.seconds):
            await self.socket.send_bytes(samples)


def read_wish(message: str | bytes) -> EnhancedStream | ConvertedStream:
    """Parses the first message of a stream.

    Raises:
        SpeechganError: not JSON, or with unknown names or invalid values.
    """
    try:
        wish: Any = json.loads(message)
        return (ConvertedStream if "target_speaker" in wish else EnhancedStream)(**wish)
    except ValidationError as error:
        raise SpeechganError(f"stream: {describe(error.errors()[0])}") from None
    except (ValueError, TypeError, RecursionError):
        raise SpeechganError(
            'stream: the first message is JSON, such as {"sample_rate": 16000, "channels": 1}'
        ) from None


def describe(error: Any) -> str:
    """One of pydantic's errors in one line."""
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


def require_samples(message: str | bytes, pcm: Pcm) -> bytes:
    """Checks that a message is whole samples, and returns it.

    Raises:
        SpeechganError: it is not.
    """
    if isinstance(message, str) or len(message) % pcm.step:
        raise SpeechganError(
            f'stream: a message is whole samples of {pcm.step} bytes, or the text "{END}"'
        )
    return message

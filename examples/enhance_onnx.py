"""Enhances a 16-bit mono WAV with NumPy and onnxruntime alone, one frame at a time.

speechgan export default --onnx enhancer.onnx
python enhance_onnx.py enhancer.onnx noisy.wav enhanced.wav
"""

import sys
import wave

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
described = session.get_modelmeta().custom_metadata_map
rate, n_fft, hop = (int(described[name]) for name in ("sample_rate", "n_fft", "hop_length"))
inputs = {part.name: part.shape for part in session.get_inputs() if part.name != "spectrum"}
state = {name: np.zeros((1, *shape[1:]), np.float32) for name, shape in inputs.items()}
with wave.open(sys.argv[2]) as file:
    if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (rate, 1, 2):
        sys.exit(f"{sys.argv[2]}: must be mono, 16 bit, {rate} Hz")
    noisy = np.frombuffer(file.readframes(file.getnframes()), "<i2") / np.float32(2**15)
window = np.sqrt(np.hanning(n_fft + 1)[:-1]).astype(np.float32)  # at half overlap its own dual
mean = noisy[-hop:].mean() if len(noisy) else 0  # of a direct current, which goes on at the end
sound = np.append(noisy, np.full(2 * hop, mean, np.float32))
heard, unfinished, enhanced = np.zeros(n_fft, np.float32), np.zeros(n_fft, np.float32), []
for start in range(0, len(noisy) + hop, hop):  # one hop more than there is: the model is one late
    heard = np.concatenate([heard[hop:], sound[start : start + hop]])
    spectrum = np.fft.rfft(heard * window)
    frame = np.stack([spectrum.real, spectrum.imag])[None, :, :, None].astype(np.float32)
    frame, *after = session.run(None, {"spectrum": frame, **state})
    state = dict(zip(state, after, strict=True))
    unfinished += window * np.fft.irfft([1, 1j] @ frame[0, :, :, 0], n_fft).astype(np.float32)
    enhanced.append(unfinished[:hop].copy())
    unfinished = np.concatenate([unfinished[hop:], np.zeros(hop, np.float32)])
wave_out = np.concatenate(enhanced[1:])[: len(noisy)]
with wave.open(sys.argv[3], "wb") as file:
    file.setparams((1, 2, rate, 0, "NONE", ""))
    file.writeframes(np.clip(np.rint(wave_out * 2**15), -(2**15), 2**15 - 1).astype("<i2"))

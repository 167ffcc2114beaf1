"""The corpora that can be fetched, with authors, licence, address and layout.

No checksum or size is invented. DataShare's MD5 and addresses are those of its API,
datashare.ed.ac.uk/server/api/core/bitstreams, as quoted by several public download scripts;
OpenSLR's are in its md5sum.txt, and in lhotse; Zenodo's on its page. A checksum that could not be
found is left empty, and a size that is not exact is marked as such.
"""

from dataclasses import dataclass

DATASHARE = "https://datashare.ed.ac.uk"
Layout = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Archive:
    """One file to download.

    Attributes:
        name: of the file, here and on a mirror.
        url: where the publisher has it.
        size: to download, in bytes.
        unpacked: approximate size of the unpacked members, in bytes.
        layout: regular expressions of the whole names of members, and their targets; members that
            match none are left out.
        md5: in hexadecimal, as published; empty if none is.
        exact: whether `size` is known to the byte.
    """

    name: str
    url: str
    size: int
    unpacked: int
    layout: Layout
    md5: str = ""
    exact: bool = True


@dataclass(frozen=True)
class Corpus:
    """A published corpus.

    Attributes:
        name: on the command line.
        title: and content, in one line.
        licence: short.
        attribution: what to cite.
        page: of the publisher.
        archives: all of them are fetched.
        then: commands that use it, with `{dir}` for its folder.
    """

    name: str
    title: str
    licence: str
    attribution: str
    page: str
    archives: tuple[Archive, ...]
    then: tuple[str, ...]


def _bitstream(number: str) -> str:
    return f"{DATASHARE}/bitstreams/{number}/download"


def _voicebank(
    folder: str, number: str, size: int, md5: str, hours: float, exact: bool = True
) -> Archive:
    # 16 bits at 48 kHz. Names with a dot first are metadata of macOS, such as "._p226_001.wav".
    layout = ((r"(?:.*/)?(\w[^/]*\.wav)", rf"{folder}/\1"),)
    unpacked = round(hours * 3600 * 96000)
    return Archive(f"{folder}.zip", _bitstream(number), size, unpacked, layout, md5, exact)


VOICEBANK = Corpus(
    "voicebank",
    "VoiceBank+DEMAND: pairs of clean and noisy speech, 28 English speakers and 2 to test, 48 kHz",
    "CC BY 4.0",
    "Valentini-Botinhao (2017), Noisy speech database for training speech enhancement algorithms "
    "and TTS models, doi:10.7488/ds/2117",
    f"{DATASHARE}/handle/10283/2791",
    (
        _voicebank(
            "clean_testset_wav",
            "dec213d3-bf57-4777-9663-c24bdce92d5e",
            154_300_000,
            "34eb1c0ba7ef667e9b966866c542fc16",
            hours=0.6,
            exact=False,
        ),
        _voicebank(
            "noisy_testset_wav",
            "13c1bfbf-14a6-41db-9b41-8f7310f01ad5",
            170_600_000,
            "fb1b86caa31e8ba5b506c0c64da9aab5",
            hours=0.6,
            exact=False,
        ),
        _voicebank(
            "clean_trainset_28spk_wav",
            "245452b6-6235-44b6-a6f9-e7eb19797769",
            2_486_057_279,
            "d2d5a45ec32f8fcbf201bde0447e20ba",
            hours=9.4,
        ),
        _voicebank(
            "noisy_trainset_28spk_wav",
            "ecb5a102-bb00-46d3-8af5-40c79823b837",
            2_830_205_201,
            "1fca9e8bafb8cd069f6653c6d92f9e9c",
            hours=9.4,
        ),
    ),
    (
        "speechgan train enhance experiment=voicebank data.root={dir} run.folder=runs/voicebank",
        "recipes/enhance/run.sh --data {dir} --config voicebank",
    ),
)

LIBRISPEECH = Corpus(
    "librispeech-100",
    "LibriSpeech train-clean-100: 100 hours of read English, 251 speakers, 16 kHz",
    "CC BY 4.0",
    "Panayotov, Chen, Povey, Khudanpur (2015), Librispeech: an ASR corpus based on public domain "
    "audio books, ICASSP",
    "https://www.openslr.org/12",
    (
        Archive(
            "train-clean-100.tar.gz",
            "https://www.openslr.org/resources/12/train-clean-100.tar.gz",
            6_387_309_499,
            6_500_000_000,
            (
                (r"LibriSpeech/train-clean-100/(\d+/\d+/[\d-]+\.flac)", r"speech/\1"),
                (r"LibriSpeech/(LICENSE|SPEAKERS)\.TXT", r"librispeech-\1.txt"),
            ),
            "2a93770f6d5c6c964bc36631d331a522",
        ),
    ),
    (
        "speechgan data fetch demand -o {dir}",
        "speechgan train enhance data.root={dir} run.folder=runs/mine",
        "speechgan train convert data.root={dir}/speech run.folder=runs/voices",
    ),
)

VCTK = Corpus(
    "vctk",
    "VCTK 0.92: 110 English speakers of many accents, about 400 sentences each, 48 kHz",
    "CC BY 4.0",
    "Yamagishi, Veaux, MacDonald (2019), CSTR VCTK Corpus: English Multi-speaker Corpus for CSTR "
    "Voice Cloning Toolkit (version 0.92), doi:10.7488/ds/2645",
    f"{DATASHARE}/handle/10283/3443",
    (
        Archive(
            "VCTK-Corpus-0.92.zip",
            _bitstream("535f4286-e54c-4038-838c-a02285e32cb2"),
            11_747_302_977,
            6_000_000_000,
            # The first of two microphones, as it did not fail for any speaker.
            (
                (r"(?:.*/)?wav48_silence_trimmed/(\w+/\w+_mic1\.flac)", r"\1"),
                (r"(?:.*/)?(speaker-info|license_text)(?:\.txt)?", r"vctk-\1.txt"),
            ),
            "8a6ba2946b36fcbef0212cad601f4bfa",
        ),
    ),
    (
        "speechgan data voices {dir}",
        "speechgan train convert data.root={dir} 'data.speakers=[p225,p226]' run.folder=runs/mine",
    ),
)

# Splits are of whole environments, as the sixteen channels of one are nearly the same sound.
# The environments of VoiceBank+DEMAND's test set.
_TEST = ("DLIVING", "OOFFICE", "SPSQUARE", "TBUS")
# Three others, for validation.
_VALID = ("DWASHING", "NPARK", "PRESTO")
# SCAFE is left out: it is published at 48 kHz only, and its MD5 could not be found.
_DEMAND = {
    "DKITCHEN": (110_501_049, "7ffbf52d7f4699f96927846103dc8788"),
    "DLIVING": (80_170_627, "46741384d9e434a0bd8b3ec1830b6052"),
    "DWASHING": (102_343_250, "7e5ee9437ce9409c5f9a779b6212a240"),
    "NFIELD": (86_536_782, "a740046c6f4e174e16f5d568aaec5024"),
    "NPARK": (86_029_332, "80f1385a34d7f1705758926b57f138ce"),
    "NRIVER": (98_689_565, "54264db61d3fe073fb81f2e40e0d19b5"),
    "OHALLWAY": (77_941_854, "fe918bbb0e63e73d09ba7f4843ef33f1"),
    "OMEETING": (82_703_355, "62f7cfe7fe6d30b7d8a215fe37c2dfd2"),
    "OOFFICE": (88_995_191, "7b61cc2d182d5a654cb9c3101ddd4041"),
    "PCAFETER": (107_431_494, "99927d148128254141a9417d051510bb"),
    "PRESTO": (111_292_815, "b98d2e6854eeebb397f29a8ad7457092"),
    "PSTATION": (119_441_094, "d7448009f6c2aeb6ba570375df1750a3"),
    "SPSQUARE": (110_928_528, "205d0e7b8fe74504a2f8d252fc414b9e"),
    "STRAFFIC": (118_572_691, "2efa87262f272bbf9ba578088e81939c"),
    "TBUS": (128_916_709, "706b11b0d8504f9f3b3f3211e91b3863"),
    "TCAR": (130_045_975, "4d930012796bd298932245a26189f973"),
    "TMETRO": (126_589_090, "95daf4df678e13b120e14211e6d89571"),
}


def _demand(place: str) -> Archive:
    split = "test" if place in _TEST else "valid" if place in _VALID else "train"
    name, (size, md5) = f"{place}_16k.zip", _DEMAND[place]
    # Sixteen channels of five minutes, 16 bits at 16 kHz.
    unpacked = 16 * 300 * 32000
    layout = ((r"(?:.*/)?(ch\d\d\.wav)", rf"noise/{split}/{place}/\1"),)
    url = f"https://zenodo.org/records/1227121/files/{name}"
    return Archive(name, url, size, unpacked, layout, md5)


DEMAND = Corpus(
    "demand",
    "DEMAND: noise of 17 environments, five minutes of 16 channels each, 16 kHz",
    "CC BY 4.0 (so Zenodo's record; the description there says CC BY-SA 3.0)",
    "Thiemann, Ito, Vincent (2013), DEMAND: a collection of multi-channel recordings of acoustic "
    "noise in diverse environments, doi:10.5281/zenodo.1227121",
    "https://zenodo.org/records/1227121",
    tuple(_demand(place) for place in _DEMAND),
    (
        "speechgan data scan {dir}   # wants speech in {dir}/speech as well",
        "speechgan train enhance data.root={dir} run.folder=runs/mine",
    ),
)


def _vcc2018(part: str, size: int, where: str) -> Archive:
    name = f"vcc2018_database_{part}.zip"
    url = f"{DATASHARE}/bitstream/handle/10283/3061/{name}"
    layout = ((r"(?:.*/)?(VCC2\w+)/(\d+\.wav)", rf"\1/{where}/\2"),)
    return Archive(name, url, size, round(1.4 * size), layout, exact=False)


VCC2018 = Corpus(
    "vcc2018",
    "Voice Conversion Challenge 2018: 12 English speakers, 81 sentences each, 35 to test, 22 kHz",
    "CC BY 4.0",
    "Lorenzo-Trueba, Yamagishi, Toda, Saito, Villavicencio, Kinnunen, Ling (2018), The Voice "
    "Conversion Challenge 2018: database and results, doi:10.7488/ds/2337",
    f"{DATASHARE}/handle/10283/3061",
    # DataShare's page shows 117.0, 31.79 and 15.98 MB of 2^20 bytes.
    (
        _vcc2018("training", 122_700_000, "train"),
        _vcc2018("evaluation", 33_300_000, "test"),
        _vcc2018("reference", 16_800_000, "test"),
    ),
    (
        "speechgan data voices {dir}",
        "recipes/convert/run.sh --data {dir} --pairs VCC2SF1:VCC2TM1",
    ),
)

CORPORA = {corpus.name: corpus for corpus in (VOICEBANK, LIBRISPEECH, VCTK, DEMAND, VCC2018)}

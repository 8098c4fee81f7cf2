"""Makes noto-serif-sc.otf.gz: what the portal writes letters with. See README.md.

Usage: subset.py NotoSerifCJK-Regular.ttc UNIHAN_FOLDER
"""

import bz2
import gzip
import io
import pathlib
import sys

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

SIMPLIFIED_CHINESE = 2
TARGET = pathlib.Path(__file__).with_name("noto-serif-sc.otf.gz")
# Quotation marks and dots of English text, which the Chinese ones are too wide for,
# 0xC000 above their own code points: in a private area.
NARROW = 0xC000
SIGNS = [
    (0x20, 0x7E), (0xA0, 0xFF), (0x2010, 0x2027), (0x2030, 0x203B), (0x20AC, 0x20AC), (0x2103, 0x2103),
    (0x2116, 0x2116), (0x2150, 0x215E), (0x2160, 0x216B), (0x2190, 0x2199), (0x2460, 0x2473),
    (0x25A0, 0x25CF), (0x2611, 0x2612), (0x2713, 0x2713), (0x3000, 0x301F), (0x3220, 0x3229),
    (0xFF01, 0xFF5E), (0xFFE0, 0xFFE6),
]


def gb_2312():
    pairs = (bytes([row, cell]) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return {ord(text) for pair in pairs if (text := pair.decode("gb2312", "ignore"))}


def big5():
    """The 5401 characters of level 1 and the 7652 of level 2, as Taiwan and Hong Kong write."""
    rows, cells = range(0xA4, 0xFA), [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    pairs = (bytes([row, cell]) for row in rows for cell in cells)
    return {ord(text) for pair in pairs if (text := pair.decode("big5", "ignore"))}


def table_of_general_standard_characters(unihan):
    """通用规范汉字表, 8105 characters: the field kTGH of the Unicode Han database."""
    found = set()
    for file in unihan.glob("Unihan_*.txt.bz2"):
        with bz2.open(file, "rt", encoding="utf-8") as lines:
            fields = (line.split("\t") for line in lines)
            found |= {int(field[0][2:], 16) for field in fields if len(field) == 3 and field[1] == "kTGH"}
    assert len(found) == 8105, len(found)
    return found


def substitutes(font, feature):
    """Which glyph a feature of the font puts in the place of which."""
    table = font["GSUB"].table
    lookups = {at for record in table.FeatureList.FeatureRecord if record.FeatureTag == feature
               for at in record.Feature.LookupListIndex}
    parts = (getattr(part, "ExtSubTable", part) for at in sorted(lookups) for part in table.LookupList.Lookup[at].SubTable)
    return {before: after for part in parts for before, after in getattr(part, "mapping", {}).items()}


def main():
    source, unihan = sys.argv[1], pathlib.Path(sys.argv[2])
    font = TTFont(source, fontNumber=SIMPLIFIED_CHINESE, recalcTimestamp=False)
    glyphs = dict(font.getBestCmap())
    narrow, wide = substitutes(font, "pwid"), substitutes(font, "fwid")
    wanted = gb_2312() | big5() | table_of_general_standard_characters(unihan)
    wanted |= {code for first, last in SIGNS for code in range(first, last + 1)}
    cmap = {code: glyphs[code] for code in wanted if code in glyphs}
    missing = sorted(chr(code) for code in wanted - cmap.keys() if code >= 0x3400)
    assert not missing, f"the font lacks {missing}"
    cmap |= {NARROW + ord(mark): narrow[glyphs[ord(mark)]] for mark in "‘’“”…"}
    # Two of them make one unbroken dash.
    cmap[ord("—")] = wide[glyphs[ord("—")]]

    tables = [table for table in font["cmap"].tables if (table.platformID, table.platEncID) == (3, 10)]
    tables[0].cmap = cmap
    font["cmap"].tables = tables
    options = Options()
    options.layout_features = []
    options.hinting = False
    options.desubroutinize = True
    options.glyph_names = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=cmap)
    subsetter.subset(font)
    written = io.BytesIO()
    font.save(written)
    TARGET.write_bytes(gzip.compress(written.getvalue(), compresslevel=9, mtime=0))
    print(f"{len(cmap)} characters, {len(written.getvalue())} bytes, {TARGET.stat().st_size} packed")


main()

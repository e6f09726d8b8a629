"""What is believed of files that lie at the site already."""

from __future__ import annotations

from rpconsole.domain.stage import Stage


async def test_a_file_at_the_site_of_the_right_size_and_other_content_is_sent_again(bench):
    raw = next((bench.folder / "ipp" / "gpc1").rglob("*.ota*.fits"))
    mirror = f"/scratch3/watersc1/tmp{raw}"
    bench.site.put(mirror, b"war")
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.states(Stage.CHIP) == ["run"])
    assert bench.site.files[mirror].data == raw.read_bytes() == b"raw"

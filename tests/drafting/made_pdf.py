"""Reports as PDF, made by the tests: a sidebar, running headers and footers, tables, a page that is a picture."""

from __future__ import annotations

from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

FONT = "STSong-Light"
WIDTH, HEIGHT = A4


def new_canvas(path: Path) -> Canvas:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    return Canvas(str(path), pagesize=A4)


def write(canvas: Canvas, x: float, y: float, text: str, size: float = 10) -> None:
    canvas.setFont(FONT, size)
    canvas.drawString(x, HEIGHT - y, text)


def column(canvas: Canvas, x: float, y: float, lines: list[str], *, size: float = 10, step: float = 16) -> float:
    for line in lines:
        write(canvas, x, y, line, size)
        y += step
    return y


def wrapped(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)]


def furniture(canvas: Canvas, page: int, date: str = "") -> None:
    write(canvas, 40, 30, f"证券研究报告 | 行业深度 {date}".strip(), 8)
    write(canvas, 180, 820, "请务必阅读正文之后的免责条款部分", 8)
    write(canvas, 540, 820, str(page), 8)


ADVICE = (
    "我们认为算力建设持续推进，光通信需求上行，建议关注：1）光模块龙头：中际旭创、新易盛；2）光器件：天孚通信、太辰光；3）运营商："
    "中国移动、中国联通。"
)
STANDARD = [
    "买入：未来6个月内股价相对沪深300指数涨幅20%以上；",
    "增持：未来6个月内股价相对沪深300指数涨幅5%至20%；",
    "中性：未来6个月内股价相对沪深300指数涨幅-5%至5%；",
    "卖出：未来6个月内股价相对沪深300指数跌幅5%以上。",
]
INDUSTRY = [
    "强于大市：未来6个月内行业指数相对沪深300指数涨幅10%以上；",
    "中性：未来6个月内行业指数相对沪深300指数涨幅-10%至10%；",
    "弱于大市：未来6个月内行业指数相对沪深300指数跌幅10%以上。",
]


def back_page(canvas: Canvas, page: int) -> None:
    furniture(canvas, page)
    y = column(canvas, 40, 80, ["评级说明", "股票投资评级", *STANDARD, "行业投资评级", *INDUSTRY])
    column(
        canvas,
        40,
        y + 20,
        ["免责声明", "本报告由青禾证券股份有限公司制作，仅供青禾证券股份有限公司的客户使用。本报告不推荐贵州茅台。"],
    )
    canvas.showPage()


def sidebar_report(path: Path) -> Path:
    """Two columns on page 1: the text on the left, rating, analysts and related reports on the right."""
    canvas = new_canvas(path)
    furniture(canvas, 1)
    write(canvas, 40, 70, "通信行业", 12)
    write(canvas, 40, 110, "光网络迎来新一轮建设", 22)
    write(canvas, 40, 140, "2025年03月03日", 10)
    left = wrapped("核心观点：算力需求带动光网络升级，行业景气度持续上行，头部厂商订单饱满，预计全年保持较快增长。", 30)
    column(canvas, 40, 180, [*left, *wrapped("投资建议：" + ADVICE, 30), *wrapped("风险提示：需求不及预期；竞争加剧。", 30)])
    right = ["行业评级：强于大市（维持）", "上次评级：强于大市", "分析师：张三", "执业证书编号：S0000000000001", "相关研究"]
    column(canvas, 400, 180, [*right, "《光模块：800G放量》", "2025-02-20", "《运营商：云业务高增》", "2025-01-15"], size=9)
    canvas.showPage()
    furniture(canvas, 2)
    column(
        canvas, 40, 80, ["1. 光网络需求", *wrapped("国内厂商中，烽火通信与中兴通讯合作推进。主要客户包括中国电信。" * 3, 46)]
    )
    canvas.showPage()
    furniture(canvas, 3)
    column(
        canvas,
        40,
        80,
        ["2. 数据跟踪", *wrapped("本周通信板块上涨，涨幅居前的有剑桥科技、德科立，跌幅居前的有光迅科技。" * 2, 46)],
    )
    canvas.showPage()
    back_page(canvas, 4)
    canvas.save()
    return path


def table_report(path: Path) -> Path:
    """A table of rated names on page 2 whose cells stand apart; a footer with a date on every page."""
    canvas = new_canvas(path)
    for page in range(1, 5):
        write(canvas, 40, 30, "青禾证券研究所", 8)
        write(canvas, 400, 30, "2024-05-06", 8)
        write(canvas, 180, 820, f"敬请参阅最后一页特别声明 - {page} -", 8)
        if page == 1:
            write(canvas, 40, 90, "电子行业深度报告", 12)
            write(canvas, 40, 130, "存储周期上行带动设备材料", 20)
            column(
                canvas,
                40,
                170,
                ["看好（首次）", *wrapped("存储价格连续三个季度上涨，原厂资本开支回升，带动封装与设备需求。" * 3, 42)],
            )
        elif page == 2:
            write(canvas, 40, 80, "表1：重点公司盈利预测与评级", 10)
            rows = [
                ("代码", "简称", "收盘价", "EPS", "目标价", "评级"),
                ("603986", "兆易创新", "80.10", "2.31", "105", "买入"),
                ("600584", "长电科技", "25.30", "1.02", "32", "增持"),
                ("002371", "北方华创", "300.5", "9.80", "380", "买入"),
            ]
            for at, row in enumerate(rows):
                for number, cell in enumerate(row):
                    write(canvas, 40 + 85 * number, 110 + 20 * at, cell, 10)
            write(canvas, 40, 200, "资料来源：Wind，青禾证券研究所", 8)
            write(canvas, 40, 240, "表2：可比公司估值", 10)
            for number, cell in enumerate(("688012", "中微公司", "150.0", "3.20", "46.9")):
                write(canvas, 40 + 85 * number, 270, cell, 10)
        elif page == 3:
            column(canvas, 40, 80, wrapped("存储芯片价格上涨的原因是原厂减产。" * 8, 46))
        canvas.showPage() if page < 4 else back_page(canvas, page)
    canvas.save()
    return path


def picture_report(path: Path) -> Path:
    """Page 1 is text, page 2 a scan."""
    canvas = new_canvas(path)
    furniture(canvas, 1)
    write(canvas, 40, 110, "光网络迎来新一轮建设", 22)
    column(canvas, 40, 150, ["2025年3月3日", "通信", "强于大市（维持）", *wrapped("投资建议：" + ADVICE, 40)])
    canvas.showPage()
    canvas.rect(40, 40, 500, 700, fill=1)
    picture = path.with_suffix(".png")
    _picture(picture)
    canvas.drawImage(str(picture), 0, 0, WIDTH, HEIGHT)
    canvas.showPage()
    canvas.save()
    return path


def scanned_report(path: Path) -> Path:
    """Nothing but pictures."""
    canvas = new_canvas(path)
    picture = path.with_suffix(".png")
    _picture(picture)
    canvas.drawImage(str(picture), 0, 0, WIDTH, HEIGHT)
    canvas.showPage()
    canvas.save()
    return path


def _picture(path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (60, 80), "grey").save(path)


def walk_report(path: Path) -> Path:
    """A short report on names whose prices ship with the package: front page, advice, standard."""
    canvas = new_canvas(path)
    furniture(canvas, 1)
    write(canvas, 40, 70, "通信行业", 12)
    write(canvas, 40, 110, "光与网两条线", 22)
    write(canvas, 40, 140, "2024年05月06日", 10)
    write(canvas, 400, 140, "青禾证券研究所", 10)
    advice = "投资建议：1）光器件：建议关注源杰科技（688498）、仕佳光子（688313）；"
    advice += "2）运营商：建议关注中国移动（600941）、中国联通（600050）。"
    column(canvas, 40, 180, ["行业评级：强于大市（维持）", *wrapped(advice, 40), "风险提示：需求不及预期。"])
    canvas.showPage()
    furniture(canvas, 2)
    lines = ["评级说明", "评级标准为报告发布日后6到12个月内的相对市场表现，以沪深300指数为基准。", "股票评级"]
    stock = [each.replace("未来6个月内", "") for each in STANDARD]
    column(canvas, 40, 80, [*lines, *stock, "行业评级", *(each.replace("未来6个月内", "") for each in INDUSTRY)])
    canvas.showPage()
    canvas.save()
    return path

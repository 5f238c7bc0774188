"""How the page of a report looks: readable from 360 pixels on, in the browser's own letters."""

STYLE = """
:root { --avc: #0b6e4f; --av1: #1d4ed8; --peertube: #b45309; --mediacms: #86198f; --soft: #5b6470; --rule: #d9dee5 }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #16202c; background: #fff }
main { max-width: 1080px; margin: 0 auto; padding: 16px }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; border-top: 1px solid var(--rule); padding-top: 1rem }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem }
p, ul, dl { margin: .5rem 0 } ul { padding-left: 1.2rem } li { overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem } dt { color: var(--soft) } dd { margin: 0 }
.note, footer { color: var(--soft); font-size: .875rem } footer { margin-top: 2rem; overflow-wrap: anywhere }
.chart { width: 100%; max-width: 760px; display: block }
.strip { width: 100%; height: 44px; display: block; background: #f4f6f8 }
.grid { stroke: var(--rule); stroke-width: .6 } .axis { font-size: 10px; fill: var(--soft) }
polyline { fill: none; stroke-width: 2; stroke: currentColor } circle { fill: currentColor }
.peertube polyline, .mediacms polyline { stroke-dasharray: 4 3 }
.avc { color: var(--avc) } .av1 { color: var(--av1) }
.peertube { color: var(--peertube) } .mediacms { color: var(--mediacms) }
path { fill: currentColor; opacity: .75 } .cap { stroke: #b91c1c; stroke-width: 1; stroke-dasharray: 5 4 }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem }
.legend li::before { content: "●"; margin-right: .4em }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9375rem }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule) }
thead th { white-space: normal; vertical-align: bottom; font-weight: 600; color: var(--soft); min-width: 4.5rem }
th:first-child { text-align: left; position: sticky; left: 0; background: #fff }
img { max-width: 100%; height: auto; display: block }
.overview, .cuts img { border: 1px solid var(--rule) } .overview { margin-bottom: 12px }
.cuts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 12px }
figure { margin: 0 } figcaption { font-size: .875rem; color: var(--soft) } .cuts img { width: 100% }
.over-time { margin-bottom: .75rem } .over-time p { margin: 0; font-size: .9375rem }
"""

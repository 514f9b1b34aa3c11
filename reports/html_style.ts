/** Style of the HTML report. One letter for what occurs often: p f e w s o marks, k a case, b what it unfolds to. */
export const STYLE = `
:root{--bg:#fff;--soft:#f6f7f9;--line:#d9dde3;--ink:#1b1f24;--mute:#57606a;--link:#0a58ca;
--p:#17742f;--f:#b42318;--e:#8a2be2;--w:#8a5a00;--s:#57606a;--o:#57606a;
--pb:#dff3e4;--fb:#fde4e1;--eb:#efe2fc;--wb:#fbeecb;--sb:#eceff2;--ob:#fff;--x:#0a58ca;--y:#0b6e69}
@media(prefers-color-scheme:dark){:root{--bg:#0f1318;--soft:#171c23;--line:#2d343d;--ink:#e4e8ed;--mute:#9aa4af;--link:#7ab3ff;
--p:#56c271;--f:#ff8d82;--e:#c9a0ff;--w:#e3b341;--s:#9aa4af;--o:#9aa4af;
--pb:#14301d;--fb:#451c19;--eb:#31214a;--wb:#3a2e0c;--sb:#232a33;--ob:#0f1318;--x:#7ab3ff;--y:#4fc7bf}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0 auto;max-width:74rem;padding:2.5rem 1.5rem 4rem;background:var(--bg);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
code,pre,.hex,.fs,.at{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
a{color:var(--link)}
a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem}
h1{font-size:2rem;line-height:1.2;margin:.2rem 0 .4rem;font-weight:600;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.2rem 0 .3rem;font-weight:600}
h2 small{font:.85rem ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;color:var(--mute);margin-left:.4rem}
h3{font-size:.75rem;margin:1.1rem 0 .3rem;color:var(--mute);font-weight:600;text-transform:uppercase;letter-spacing:.04em}
small,.sub,.over,.target{color:var(--mute)}
.sub{margin:0 0 .5rem;font-size:.9rem}
.over{margin:0;font-size:.8rem;letter-spacing:.06em;text-transform:uppercase}
.target,.when{margin:0;overflow-wrap:anywhere}.when{font-size:.9rem;color:var(--mute)}
.alarm{margin:1rem 0 0;padding:.6rem .9rem;background:var(--wb);border-radius:6px}
.m{font-weight:600;white-space:nowrap}.m i{font-style:normal;display:inline-block;width:1.1em;text-align:center}
.m.p{color:var(--p)}.m.f{color:var(--f)}.m.e{color:var(--e)}.m.w{color:var(--w)}.m.s,.m.o{color:var(--mute);font-weight:400}
.counts{list-style:none;display:flex;flex-wrap:wrap;gap:.6rem;margin:1.4rem 0 0;padding:0}
.counts li{background:var(--soft);border:1px solid var(--line);border-radius:8px;padding:.5rem 1.1rem .55rem .9rem;min-width:6.5rem}
.counts b{display:block;font-size:1.6rem;line-height:1.2;font-weight:600;font-variant-numeric:tabular-nums}
.counts .m{font-size:.9rem}.zero b,.zero .m{color:var(--mute);font-weight:400}
.strip ul{list-style:none;margin:1.6rem 0 0;padding:0;display:grid;gap:.45rem}
.strip li{display:grid;grid-template-columns:11.5rem 1fr;gap:.8rem;align-items:start}
.strip .g{font-size:.85rem;line-height:1.2rem;color:var(--mute);text-decoration:none;overflow-wrap:anywhere}
.strip .g:hover{color:var(--ink);text-decoration:underline}
.cells{display:flex;flex-wrap:wrap;gap:2px}
.cells a{width:1.15rem;height:1.15rem;line-height:1.15rem;text-align:center;font-size:.7rem;text-decoration:none;border-radius:3px}
.cells a:hover{outline:2px solid currentColor}
.cells .p{background:var(--pb);color:var(--p)}.cells .f{background:var(--f);color:var(--bg)}
.cells .e{background:var(--e);color:var(--bg)}.cells .w{background:var(--wb);color:var(--w)}
.cells .s{background:var(--sb);color:var(--mute)}.cells .o{box-shadow:inset 0 0 0 1px var(--line);color:var(--mute)}
table{border-collapse:collapse;text-align:left}
th{font-weight:600;font-size:.8rem;color:var(--mute)}
td,th{padding:.35rem .9rem .35rem 0;vertical-align:top}
.list{width:100%;font-size:.92rem}.br{table-layout:fixed}.br th:first-child{width:6.6rem}.br th:nth-child(2){width:19rem}.br th:last-child{width:4.5rem}.list td,.list th{border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.list td:first-child{white-space:nowrap}
.r{text-align:right;font-variant-numeric:tabular-nums}
.byrq{margin-top:.9rem}
.rq{border-bottom:1px solid var(--line)}.rq>summary{cursor:pointer;padding:.35rem 0}.rq>summary:hover{background:var(--soft)}
.rq .list{table-layout:fixed;margin:.2rem 0 1.2rem 1rem;width:calc(100% - 1rem)}.rq tr:last-child td{border:0}.rq code{display:block;color:var(--mute);font-size:.8rem}
.rq th:first-child{width:7rem}.rq th:nth-child(3){width:4.5rem}.rq th:last-child{width:21rem}
.fold{margin-top:1.8rem}.fold summary{cursor:pointer;font-weight:600}.fold .list{width:auto;min-width:24rem}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:0 3rem}
dl{display:grid;grid-template-columns:fit-content(40%) 1fr;gap:.15rem 1.2rem;margin:.4rem 0 0;font-size:.92rem}
dt{color:var(--mute);overflow-wrap:anywhere}dd{margin:0;grid-column:2;overflow-wrap:anywhere;white-space:pre-wrap}
ol{list-style:none;margin:0;padding:0}
.ks{border-top:1px solid var(--line)}.ks>li{border-bottom:1px solid var(--line)}
.k>summary{display:grid;grid-template-columns:.7rem 6.2rem 1fr 4rem 5rem;gap:.7rem;padding:.38rem .5rem;cursor:pointer;list-style:none}
.k>summary::-webkit-details-marker{display:none}
.k>summary::before,.tr summary::before{content:"▸"/"";color:var(--mute);font-size:.8rem}
.k[open]>summary::before,.tr [open]>summary::before{content:"▾"/""}
.k>summary:hover{background:var(--soft)}
.k .m{font-size:.9rem}
.t{overflow-wrap:anywhere}.t code{color:var(--mute);font-size:.8rem;margin-left:.4rem}
.l,.d{color:var(--mute);font-size:.85rem}.d{text-align:right;font-variant-numeric:tabular-nums}
.b{padding:.2rem .5rem 1.4rem 8.8rem;scroll-margin-top:4rem}
.k[open]>summary .t{font-weight:600}
.q{margin:.2rem 0 .5rem;padding-left:.8rem;border-left:3px solid var(--line)}.q small{display:block}
.note{margin:.4rem 0;color:var(--mute);font-size:.92rem}
.j{margin:.8rem 0;padding:.7rem .9rem;background:var(--soft);border-radius:6px}
.f .got,.e .got{color:var(--f);font-weight:600}.w .got{color:var(--w);font-weight:600}
pre{margin:0;padding:.6rem .8rem;background:var(--soft);border-radius:6px;font-size:.8rem;line-height:1.45;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
.cmd{user-select:all}
.tr{font-size:.88rem}.tr li{padding:.2rem .6rem .2rem 1.5rem;border-left:3px solid transparent;overflow-wrap:anywhere}
.tr .at{display:inline-block;min-width:4rem;color:var(--mute);font-size:.78rem}
.tr .x b{color:var(--x)}.tr .y b{color:var(--y)}.tr .z{color:var(--mute)}
.tr li>div,.tr li>code{display:block;margin-left:5.3rem;font-size:.8rem;color:var(--mute)}
.tr summary{cursor:pointer;list-style:none}.tr summary::before{display:inline-block;width:.9rem;margin-left:-.9rem}.tr summary::-webkit-details-marker{display:none}
.tr summary:hover{background:var(--soft)}
.tr .bad{border-left-color:var(--f);background:var(--fb)}
.w .tr .bad{border-left-color:var(--w);background:var(--wb)}
.tr strong{color:var(--f);font-size:.8rem;margin-left:.4rem}.w .tr strong{color:var(--w)}
.two{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;margin:.3rem 0 .5rem;padding:.5rem .8rem;background:var(--bg);border:1px solid var(--line);border-radius:6px}
.fs{font-size:.78rem}.fs td,.fs th{padding:.08rem .9rem .08rem 0}.fs th{font-family:system-ui,sans-serif}
.hex{background:none;padding:0;white-space:pre;font-size:.78rem}
footer{margin-top:3rem;color:var(--mute);font-size:.85rem}
:target,.k:has(:target){background:var(--soft)}
@media(max-width:45rem){.rq td,.rq th{display:block;width:auto!important;padding:0;border:0}.rq thead{display:none}.rq tr{display:block;padding:.4rem 0;border-bottom:1px solid var(--line)}
body{padding:1.5rem .9rem}.strip li{grid-template-columns:1fr;gap:.1rem}
.k>summary{grid-template-columns:.7rem 6rem 1fr}.br td,.br th{display:block;width:auto!important;border:0}.br thead{display:none}.br tr{display:block;padding:.4rem 0;border-bottom:1px solid var(--line)}.br td{padding:0}.l,.d{display:none}.b{padding-left:.5rem}.tr li>div,.tr li>code{margin-left:0}}
@media print{body{max-width:none;padding:0;font-size:11px}.skip{display:none}.k,tr{break-inside:avoid}h2{break-after:avoid}
*{print-color-adjust:exact}a{color:inherit}}
`;

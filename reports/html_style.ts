/**
 * Style of the HTML report. Short names for what occurs often: p f e w n s o are marks, k is a case and b what it
 * unfolds to, tr a sequence with x sent, y received and z noted.
 */
export const STYLE = `
:root{--bg:#fff;--soft:#f5f6f8;--line:#dce0e6;--ink:#1a1e24;--mute:#59636e;--link:#0a58ca;
--p:#17742f;--f:#b42318;--e:#7d2bd0;--w:#855600;--n:#35608f;
--pb:#d9f0df;--fb:#fdeceA;--eb:#efe2fc;--wb:#fbe8bd;--nb:#dfe9f5;--sb:#e9ecf0;--in:#0a58ca;--out:#0b6e69;--mark:#ffd9d4}
@media screen and (prefers-color-scheme:dark){:root{--bg:#0f1318;--soft:#171c23;--line:#2c333d;--ink:#e3e7ec;--mute:#9ba5b1;--link:#7ab3ff;
--p:#5cc777;--f:#ff8d82;--e:#c9a0ff;--w:#e3b341;--n:#8fb8e8;
--pb:#17361f;--fb:#2d1716;--eb:#31214a;--wb:#41330d;--nb:#1b2d42;--sb:#222932;--in:#7ab3ff;--out:#4fc7bf;--mark:#6b221c}}
*{box-sizing:border-box}
html{scroll-padding-top:4.5rem}
body{margin:0 auto;max-width:80rem;padding:2rem 2rem 4rem;background:var(--bg);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
code,pre,.fs,.at,kbd,.tr li>div{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
a{color:var(--link)}[hidden]{display:none!important}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--bg)}
h1{font-size:1.9rem;line-height:1.2;margin:.1rem 0 .4rem;font-weight:600;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.4rem 0 .2rem;font-weight:600}h3{font-size:1rem;margin:0;font-weight:600;display:inline}
h2 small{font-weight:400;color:var(--mute);margin-left:.2rem}
h4{font-size:.8rem;margin:1.1rem 0 .3rem;color:var(--mute);font-weight:600}
small,.sub,.kind,.target,.when{color:var(--mute)}
.sub{margin:0 0 .5rem;font-size:.9rem}
.kind{margin:0;font-size:.85rem}
.target,.when{margin:0;overflow-wrap:anywhere}.when,.byrq{font-size:.9rem}.byrq{color:var(--mute);margin:.9rem 0 0}
.parts{float:right;display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.9rem}
.alarm{margin:1rem 0 0;padding:.6rem .9rem;background:var(--wb);border-radius:6px}
.m{font-weight:600;white-space:nowrap}.m i{font-style:normal;display:inline-block;width:1.1em;text-align:center}
.m.p{color:var(--p)}.m.f{color:var(--f)}.m.e{color:var(--e)}.m.w{color:var(--w)}.m.n{color:var(--n)}.m.s,.m.o{color:var(--mute);font-weight:400}
em{font-style:normal;font-size:.8rem;color:var(--w);background:var(--wb);padding:.05rem .4rem;border-radius:4px;white-space:nowrap}
.bar{display:flex;flex-wrap:wrap;gap:.5rem .8rem;align-items:center;margin:1.2rem -2rem 0;padding:.6rem 2rem;background:var(--bg);border-bottom:1px solid transparent}
.js .bar{position:sticky;top:0;z-index:2;border-color:var(--line)}
.counts{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem;margin:0;padding:0}
.counts .m{display:block;background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:.2rem .7rem .2rem .4rem;font-size:.9rem}
.counts b{font-variant-numeric:tabular-nums}
button,input,select{font:inherit;font-size:.9rem;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:.2rem .6rem;min-height:1.9rem}
button{cursor:pointer}button:hover{border-color:var(--mute)}
.counts button{padding:0;border:0;background:none;min-height:0;color:inherit}
.counts button:hover .m{border-color:currentColor}
.counts [aria-pressed=true] .m{background:var(--ink);color:var(--bg);border-color:var(--ink)}
.find{display:flex;flex:1 1 24rem;gap:.4rem;align-items:center}.find input{flex:1 1 6rem;min-width:6rem}.find select{width:7.5rem}
.find output{font-size:.85rem;color:var(--mute);white-space:nowrap;font-variant-numeric:tabular-nums}
.strip ul{list-style:none;margin:1rem 0 0;padding:0;display:grid;gap:.3rem}
.strip li{display:grid;grid-template-columns:11.5rem 1fr;gap:.8rem;align-items:start}
.strip .g{font-size:.82rem;line-height:1rem;color:var(--mute);text-decoration:none;overflow-wrap:anywhere}
.strip .g:hover{color:var(--ink);text-decoration:underline}
.cells{display:flex;flex-wrap:wrap;gap:2px}
.cells a{width:14px;height:14px;line-height:14px;text-align:center;font-size:10px;text-decoration:none;border-radius:2px}
.cells a:hover{outline:2px solid currentColor}.cells .off{opacity:.18}
.cells .p{background:var(--pb);color:var(--p)}.cells .p::before{content:"✓"/""}
.cells .f{background:var(--f);color:var(--bg)}.cells .f::before{content:"✗"/""}
.cells .e{background:var(--e);color:var(--bg)}.cells .e::before{content:"◆"/""}
.cells .w{background:var(--wb);color:var(--w)}.cells .w::before{content:"▲"/""}
.cells .n{background:var(--nb);color:var(--n)}.cells .n::before{content:"≈"/""}
.cells .s{background:var(--sb);color:var(--mute)}.cells .s::before{content:"–"/""}
.cells .o{box-shadow:inset 0 0 0 1px var(--line);color:var(--mute)}.cells .o::before{content:"·"/""}
table{border-collapse:collapse;text-align:left}
th{font-weight:600;font-size:.8rem;color:var(--mute)}
td,th{padding:.28rem .9rem .28rem 0;vertical-align:top}
.r{text-align:right;font-variant-numeric:tabular-nums}
.list{width:100%;font-size:.9rem}.list td,.list th{border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.list td:first-child{white-space:nowrap}.list small{display:block}
.br{table-layout:fixed}.br th:first-child{width:10.5rem}.br th:nth-child(2){width:23rem}.br th:last-child{width:4.5rem}
.stale{margin:0;padding:0;list-style:none;font-size:.9rem}
.fold{margin-top:1.6rem}.fold summary{cursor:pointer;font-weight:600}.fold .list{width:auto;min-width:24rem;margin-top:.4rem}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:0 3rem}
dl{display:grid;grid-template-columns:9.5rem 1fr;gap:.2rem 1.2rem;margin:.4rem 0 .8rem;font-size:.9rem}
dt{color:var(--mute);overflow-wrap:anywhere}dd{margin:0;grid-column:2;overflow-wrap:anywhere;white-space:pre-wrap}
.wide{overflow-x:auto;max-width:48rem}.tm td,.tm th{white-space:nowrap}.tm td{vertical-align:middle;padding-top:.1rem;padding-bottom:.1rem}.tm td:first-child{font-size:.85rem}
.tm td:last-child,.tm th:last-child{padding-left:1rem;padding-right:0}
.plot{display:block;width:20rem;height:auto}.plot text{font-size:9px;fill:var(--mute);font-weight:400}
.bars{fill:var(--in);opacity:.75}.grid{stroke:var(--line)}.mid{stroke:var(--ink);stroke-width:1.5}
ol{list-style:none;margin:0;padding:0}
.su{border-top:1px solid var(--line)}.su>summary{cursor:pointer;padding:.5rem 0}.su>summary:hover{background:var(--soft)}
.su>summary code{color:var(--mute);font-size:.8rem;margin:0 .4rem}
.su,.rq{content-visibility:auto;contain-intrinsic-size:auto 2.5rem}.su[open]{contain-intrinsic-size:auto 90rem}.b{content-visibility:auto;contain-intrinsic-size:auto 40rem}
.ks{margin-bottom:1.2rem}.ks>li{border-top:1px solid var(--line)}
.k>summary{align-items:baseline;display:grid;grid-template-columns:.7rem 9.4rem 1fr 4rem 4.5rem;gap:.7rem;padding:.3rem .5rem;cursor:pointer;list-style:none;scroll-margin:5rem 0 3rem}
.k>summary::-webkit-details-marker,.tr summary::-webkit-details-marker{display:none}
.k>summary::before,.tr summary::before{content:"▸"/"";color:var(--mute);font-size:.8rem;line-height:1.6}
.k[open]>summary::before,.tr [open]>summary::before{content:"▾"/""}
.k>summary:hover{background:var(--soft)}
.k .m{font-size:.9rem}.k .m.p,.rq .m.p{font-weight:400}.t{overflow-wrap:anywhere}.t code{color:var(--mute);font-size:.8rem;margin-left:.4rem}
.l,.d{color:var(--mute);font-size:.85rem}.d{text-align:right;font-variant-numeric:tabular-nums}
.k[open]>summary .t{font-weight:600}.k[open]>summary code,.k[open]>summary small{font-weight:400}
.b{padding:.1rem .5rem 1.6rem 1.9rem;max-width:68rem;scroll-margin-top:7rem}
.q{margin:.2rem 0 .6rem;padding-left:.8rem;border-left:3px solid var(--line)}.q small{display:block}
.note{margin:.4rem 0;color:var(--mute);font-size:.9rem}
.j{grid-template-columns:max-content 1fr;margin:.7rem 0;padding:.6rem .9rem;background:var(--soft);border-radius:6px}
.f .got,.e .got{color:var(--f);font-weight:600}.w .got{color:var(--w);font-weight:600}.n .got{font-weight:600}
pre{margin:0;padding:.5rem .8rem;background:var(--soft);border-radius:6px;font-size:.8rem;line-height:1.45;white-space:pre-wrap;overflow-wrap:anywhere}
.cmd{user-select:all}.copy{margin-top:.4rem;font-size:.8rem;min-height:1.6rem}
.tr{position:relative;font-size:.88rem;padding-bottom:.5rem}
.tr::before{content:"";position:absolute;inset:1.2rem 2rem 0 6.5rem;border:solid var(--line);border-width:0 2px}
.tr>li,.tr summary{display:grid;grid-template-columns:5rem minmax(0,1fr);gap:0 1.5rem;padding-right:2rem;position:relative}
.tr>li>details{grid-column:1/-1;margin-right:-2rem}
.tr .lanes{color:var(--mute);font-size:.8rem;padding-right:0}.lanes span{grid-column:2;grid-row:1;justify-self:start;transform:translateX(-30%)}.lanes span+span{justify-self:end;transform:none}
.at{color:var(--mute);font-size:.75rem;text-align:right;padding-top:.75rem}
.ar{padding:.55rem 1rem .1rem;position:relative;overflow-wrap:anywhere;border-bottom:2px solid;margin-left:2px;margin-right:2px}
.x .ar::before{content:"\\200b"/"sent: "}.y .ar::before{content:"\\200b"/"received: "}
.ar::after{content:"";position:absolute;z-index:1;bottom:-6px;border:5px solid transparent}
.x>.ar,.x summary .ar{border-color:var(--in)}.y>.ar,.y summary .ar{border-color:var(--out);text-align:right}
.x>.ar::after,.x summary .ar::after{right:0;border-left:8px solid var(--in);border-right:0}.y>.ar::after,.y summary .ar::after{left:0;border-right:8px solid var(--out);border-left:0}
.z>.ar{border-bottom:1px dashed var(--line);color:var(--mute)}.z>.ar::after{display:none}
.tr li>div{grid-column:2;margin:0 1rem;padding-top:.25rem;font-size:.76rem;color:var(--mute);overflow-wrap:anywhere;white-space:pre-line}
.y>div{text-align:right}
.tr summary{cursor:pointer;list-style:none}.tr summary::before{position:absolute;left:.2rem;top:.6rem}
.tr summary:hover .ar{background:var(--soft)}
.bad .ar{background:var(--fb)}.bad>.ar,.tr .bad summary .ar{border-color:var(--f)}
.tr .bad summary .ar::after,.tr .bad>.ar::after{border-left-color:var(--f);border-right-color:var(--f)}
.tr strong{color:var(--f);font-size:.8rem}.tr summary strong,.tr li>strong{grid-column:2;padding:.3rem 1rem 0;text-align:right}
.two{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.5rem 1.5rem;margin:.5rem 0 .4rem;padding:.5rem .8rem;background:var(--bg);border:1px solid var(--line);border-radius:6px;overflow-x:auto;position:relative}
.bad .two{border-color:var(--f)}
.fs{font-size:.76rem}.fs td,.fs th{padding:.06rem .9rem .06rem 0}.fs th{font-family:system-ui,sans-serif}.fs td:last-child{overflow-wrap:anywhere;min-width:8rem}
.hex{background:none;padding:0;white-space:pre;font-size:.76rem}
mark{background:var(--mark);color:inherit;border-radius:2px;font-weight:600}
.rq{border-top:1px solid var(--line)}.rq>summary{cursor:pointer;padding:.35rem 0}.rq>summary:hover{background:var(--soft)}
.rq .list{table-layout:fixed;margin:.2rem 0 1.2rem 1rem;width:calc(100% - 1rem)}.rq tr:last-child td{border:0}.rq code{display:block;color:var(--mute);font-size:.8rem}
.rq th:first-child{width:10.5rem}.rq th:nth-child(3){width:4.5rem}.rq th:last-child{width:21rem}
footer{margin-top:3rem;color:var(--mute);font-size:.85rem}
dialog{color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:10px;padding:1.2rem 1.6rem;max-width:30rem}dialog::backdrop{background:#0008}
dialog h2{margin:0 0 .6rem}dialog dl{grid-template-columns:7rem 1fr}kbd{font-size:.85rem;background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:.05rem .4rem}
.filtering .over,.filtering .none{display:none}
td:target,.here>summary{background:var(--soft);box-shadow:inset 3px 0 var(--link)}body:not(.js) .b:target{box-shadow:inset 3px 0 var(--link)}
@media screen and (max-width:50rem){.parts{float:none;margin-bottom:.8rem}html{scroll-padding-top:1rem}body{padding:1.2rem 1rem 3rem}.bar{margin:1rem -1rem 0;padding:.6rem 1rem}.js .bar{position:static}
.find{flex-wrap:wrap}.find input{flex-basis:100%}.find select{flex:1 1 8rem}
.strip li{grid-template-columns:1fr;gap:.1rem}
.rq td,.rq th,.br td,.br th{display:block;width:auto!important;padding:0;border:0}.rq thead,.br thead{display:none}.rq tr,.br tr{display:block;padding:.4rem 0;border-bottom:1px solid var(--line)}
.fold .list{min-width:0}dl,.j,dialog dl{grid-template-columns:1fr;gap:0}dd{grid-column:1;margin-bottom:.4rem}
.k>summary{grid-template-columns:.7rem 1fr auto;gap:0 .6rem;padding:.3rem 0 .3rem .4rem}.k>summary::before{grid-area:1/1}.k>summary .m{grid-area:1/2}.k>summary .l{grid-area:1/3}.t{grid-area:2/2/2/4}.d{display:none}.b{padding-left:.2rem;padding-right:0}
.t code,.t small{display:block;margin:0}
.tr::before{left:.2rem;right:.2rem}.tr>li,.tr summary{grid-template-columns:minmax(0,1fr);padding-right:.3rem;padding-left:.3rem}.tr .at,.tr .ar,.tr li>div,.tr summary strong{grid-column:1}.tr .at{text-align:center;padding-top:.6rem}.ar{padding-top:0}
.lanes span{grid-column:1;transform:none}.tr>li>details{margin:0 -.3rem}.two{margin:.4rem .6rem}.tr summary::before{left:.6rem;top:.3rem}}
@media print{html{font-size:10.5px}.su,.rq,.b{content-visibility:visible}:root{color-scheme:light}body{max-width:none;padding:0;font-size:1rem}.b{max-width:none}.parts{display:none}.skip,.find,.copy{display:none}.js .bar{position:static;border:0}.bar{margin:0;padding:.6rem 0}
h2,h4,.su>summary{break-after:avoid}.ks>li>details:not([open]),tr,.tr>li{break-inside:avoid}.two{overflow:visible}*{print-color-adjust:exact}a{color:inherit}}
`;

(function(){
"use strict";
/* A reader's choice of conventions: the cells of the grid stand in the page, nothing is asked of anybody. */
var box=document.getElementById("whatif");
if(!box||typeof DecompressionStream==="undefined")return;
var spec=JSON.parse(document.getElementById("whatif-cells").textContent),words=spec.words;
var selects=Array.prototype.slice.call(box.querySelectorAll("select")),said=box.querySelector(".said"),note=box.querySelector(".note");
var plot=box.querySelector("svg"),sizes=selects.map(function(each){return each.options.length}),excess,band;
var block=sizes.slice(2).reduce(function(all,size){return all*size},1);

function place(picks){return picks.reduce(function(at,pick,index){return at*sizes[index]+pick},0)}
/* A choice that makes no cell for this subject (a single name is not rebalanced) falls back on the first of its kind. */
function settle(picks){
  if(band[place(picks)]!==-2)return false;
  for(var index=7;index>2;index--){
    var kept=picks[index];
    picks[index]=0;
    if(band[place(picks)]!==-2)return true;
    picks[index]=kept;
  }
  for(index=7;index>2&&band[place(picks)]===-2;index--)picks[index]=0;
  return true;
}
/* In percentage points, with the digits that keep it on its own side of every edge. */
function points(value,edges){
  var shown,digits=2;
  do{shown=(value/1e4).toFixed(digits)}while(digits++<4&&edges.some(function(edge){
    var one=value/1e6-edge,two=shown/100-edge;
    return Math.abs(one)>5e-7&&(one>0?two<=1e-9:two>=-1e-9);
  }));
  return (value>0&&+shown?"+":"")+shown.replace("-","\u2212");
}
function fill(text,values){return text.replace(/\{(\w+)\}/g,function(all,name){return values[name]})}
function element(name,attributes){
  var made=document.createElementNS("http://www.w3.org/2000/svg",name);
  for(var key in attributes)made.setAttribute(key,attributes[key]);
  plot.appendChild(made);
}
function draw(values,own,edges){
  var low=Math.min(values[0],own),high=Math.max(values[values.length-1],own),span=high-low||1,bins=new Array(60).fill(0);
  values.forEach(function(value){bins[Math.min(59,Math.floor((value-low)/span*60))]++});
  var most=Math.max.apply(null,bins);
  plot.textContent="";
  bins.forEach(function(count,at){
    var height=count/most*52;
    if(count)element("rect",{x:at*10+1,y:60-height,width:8,height:height,"class":"bin"});
  });
  edges.forEach(function(edge){
    var at=(edge*1e6-low)/span*600;
    if(at>0&&at<600)element("line",{x1:at,x2:at,y1:0,y2:60,"class":"edge"});
  });
  element("line",{x1:(own-low)/span*600,x2:(own-low)/span*600,y1:0,y2:64,"class":"own"});
}
function show(){
  var picks=selects.map(function(each){return each.selectedIndex}),fallen=settle(picks),at=place(picks),edges=spec.edges[picks[0]];
  var start=(picks[0]*sizes[1]+picks[1])*block,values=[],same=0,below=0,ties=0;
  note.textContent=fallen?words.same:"";
  if(band[at]<0){said.textContent=words.gap;plot.textContent="";return}
  for(var index=start;index<start+block;index++)if(band[index]>=0){
    values.push(excess[index]);
    if(band[index]===band[at])same++;
    if(excess[index]<excess[at])below++;else if(excess[index]===excess[at])ties++;
  }
  values.sort(function(one,two){return one-two});
  var chip=spec.bands[picks[0]][band[at]],strong=document.createElement("b"),tag=document.createElement("span");
  strong.textContent=words.excess+" "+points(excess[at],edges)+"\u202fpp";
  tag.className="chip "+chip.css;tag.textContent=chip.glyph+chip.word;
  said.textContent="";
  said.appendChild(strong);said.appendChild(document.createTextNode(" "));said.appendChild(tag);
  said.appendChild(document.createTextNode(" "+fill(words.place,{
    n:values.length.toLocaleString("en-US"),place:((below+ties/2)/values.length*100).toFixed(1),
    same:(same/values.length*100).toFixed(1),low:points(values[0],edges),high:points(values[values.length-1],edges)
  })));
  draw(values,excess[at],edges);
}
var packed=Uint8Array.from(atob(spec.cells),function(each){return each.charCodeAt(0)});
new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer().then(function(buffer){
  var count=block*sizes[0]*sizes[1];
  excess=new Int32Array(buffer,0,count);band=new Int8Array(buffer,4*count,count);
  selects.forEach(function(each){each.onchange=show});
  box.querySelector("button").onclick=function(){
    selects.forEach(function(each){each.selectedIndex=+each.dataset.own});
    show();
  };
  box.hidden=false;
  show();
});
})();

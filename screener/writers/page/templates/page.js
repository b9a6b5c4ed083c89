(function(){
"use strict";
var root=document.documentElement,words=JSON.parse(document.getElementById("words").textContent);
function byId(id){return document.getElementById(id)}
function isDark(){return root.dataset.theme?root.dataset.theme==="dark":matchMedia("(prefers-color-scheme:dark)").matches}
function label(){
  var dark=isDark(),green=root.dataset.updown==="green-up";
  byId("bt").textContent=dark?words.theme_light:words.theme_dark;
  byId("bu").textContent=green?words.red_up:words.green_up;
}
label();
byId("bt").onclick=function(){root.dataset.theme=isDark()?"light":"dark";label()};
byId("bu").onclick=function(){root.dataset.updown=root.dataset.updown==="green-up"?"red-up":"green-up";label()};

/* A league: a click on a head sorts, a word filters; without this script it is a table like any other. */
Array.prototype.forEach.call(document.querySelectorAll("table.league"),function(table){
  var body=table.tBodies[0],heads=table.tHead.rows[table.tHead.rows.length-1].cells,field=document.createElement("input");
  function key(row,index){var cell=row.cells[index];return cell.dataset.v===undefined?cell.textContent:cell.dataset.v}
  function compare(one,two){
    var a=parseFloat(one),b=parseFloat(two);
    if(String(a)===one&&String(b)===two||!isNaN(one)&&!isNaN(two)&&one!==""&&two!=="")return a-b;
    return one<two?-1:one>two?1:0;
  }
  Array.prototype.forEach.call(heads,function(head,index){
    var button=document.createElement("button");
    button.type="button";button.className="sort";
    while(head.firstChild)button.appendChild(head.firstChild);
    head.appendChild(button);
    button.onclick=function(){
      var down=head.getAttribute("aria-sort")!=="descending",rows=Array.prototype.slice.call(body.rows);
      Array.prototype.forEach.call(heads,function(each){each.removeAttribute("aria-sort")});
      head.setAttribute("aria-sort",down?"descending":"ascending");
      rows.sort(function(one,two){
        var a=key(one,index),b=key(two,index);
        if(a===""||b==="")return a===b?0:a===""?1:-1;
        return down?compare(b,a):compare(a,b);
      });
      rows.forEach(function(row){body.appendChild(row)});
    };
  });
  field.type="search";field.className="filter";field.placeholder=words.filter;field.setAttribute("aria-label",words.filter);
  field.oninput=function(){
    var wanted=field.value.trim().toLowerCase();
    Array.prototype.forEach.call(body.rows,function(row){row.hidden=row.textContent.toLowerCase().indexOf(wanted)<0});
  };
  table.parentNode.parentNode.insertBefore(field,table.parentNode);
});

var runtime=byId("runtime");
if(!runtime)return;
var specs=JSON.parse(byId("specs").textContent),views={},tip=document.createElement("div"),at=[0,0],started=false;
tip.className="tip";tip.setAttribute("aria-hidden","true");document.body.appendChild(tip);

/* The runtime is read only when somebody points at a chart. */
function start(){
  if(started)return;
  started=true;
  var script=document.createElement("script");
  script.textContent=runtime.textContent;
  document.head.appendChild(script);
}
function hide(){tip.classList.remove("on")}
function show(value){
  if(value===null||value===undefined||value===""){hide();return}
  tip.textContent="";
  if(typeof value==="object"){
    var list=document.createElement("dl"),names=Object.keys(value);
    names.forEach(function(name,index){
      if(value[name]===""||value[name]==="null"||value[name]===null)return;
      if(index===0){var head=document.createElement("b");head.textContent=value[name];tip.appendChild(head);return}
      var dt=document.createElement("dt"),dd=document.createElement("dd");
      dt.textContent=name;dd.textContent=value[name];list.appendChild(dt);list.appendChild(dd);
    });
    tip.appendChild(list);
  }else tip.textContent=String(value);
  tip.classList.add("on");
  var box=tip.getBoundingClientRect(),x=at[0]+14,y=at[1]+14;
  if(x+box.width>innerWidth-8)x=Math.max(8,at[0]-box.width-14);
  if(y+box.height>innerHeight-8)y=Math.max(8,at[1]-box.height-14);
  tip.style.left=x+"px";tip.style.top=y+"px";
}
/* A drawing may be shown smaller than it was drawn; the runtime counts in drawn pixels, so the pointer is told there. */
function scale(host,size){
  ["pointermove","pointerover","pointerout","pointerdown","mousemove","mouseover","mouseout","touchmove","click"].forEach(function(type){
    host.addEventListener(type,function(event){
      if(event.told||typeof event.clientX!=="number")return;
      at=[event.clientX,event.clientY];
      var svg=host.querySelector("svg"),box=svg.getBoundingClientRect(),by=box.width/size[0];
      if(Math.abs(by-1)<0.005)return;
      event.stopImmediatePropagation();
      var copy=new event.constructor(type,{bubbles:true,cancelable:true,pointerType:event.pointerType||"mouse",
        clientX:box.left+(event.clientX-box.left)/by,clientY:box.top+(event.clientY-box.top)/by});
      copy.told=true;
      event.target.dispatchEvent(copy);
    },true);
  });
}
function wake(host){
  var key=host.dataset.key;
  if(views[key]||!specs[key])return views[key]||Promise.resolve(null);
  start();
  var spec=specs[key],size=spec.usermeta.size,still=host.querySelector("svg"),room=document.createElement("div");
  scale(host,size);
  views[key]=vegaEmbed(room,spec,{mode:"vega-lite",renderer:"svg",actions:false,defaultStyle:false,
    tooltip:function(handler,event,item,value){show(value)}}).then(function(made){
    var svg=room.querySelector("svg");
    svg.setAttribute("viewBox","0 0 "+size[0]+" "+size[1]);
    svg.removeAttribute("width");svg.removeAttribute("height");svg.removeAttribute("style");
    svg.setAttribute("role","img");
    svg.setAttribute("aria-labelledby",still.getAttribute("aria-labelledby"));
    Array.prototype.slice.call(still.querySelectorAll(":scope>title,:scope>desc")).reverse().forEach(function(node){svg.prepend(node)});
    room.removeAttribute("class");
    host.replaceChild(room,still);
    host.classList.add("awake");
    return made.view;
  });
  host.addEventListener("pointerleave",hide);
  return views[key];
}
document.querySelectorAll(".plot[data-key]").forEach(function(host){
  ["pointerenter","touchstart"].forEach(function(type){host.addEventListener(type,function(){wake(host)},{once:true,passive:true})});
});
addEventListener("scroll",hide,{passive:true});
document.querySelectorAll(".sw button").forEach(function(button){
  button.addEventListener("click",function(){
    var on=button.getAttribute("aria-pressed")!=="true";
    button.setAttribute("aria-pressed",on);
    button.closest("figure").querySelectorAll(".plot[data-key]").forEach(function(host){
      wake(host).then(function(view){if(view)view.signal(button.dataset.signal,on).runAsync()});
    });
  });
});
})()

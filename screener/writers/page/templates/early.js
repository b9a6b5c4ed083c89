(function(){var r=document.documentElement,q=new URLSearchParams(location.search);r.classList.add("js");
["theme","updown"].forEach(function(k){var v=q.get(k);if(v)r.dataset[k]=v})})()

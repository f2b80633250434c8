// Tells us the zone of the reader's clock, so that nothing of ours arrives at
// night. The form works without it.
const zone = document.getElementById("time_zone");
if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value;

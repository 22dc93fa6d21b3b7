// A click on a picture that offers its pixels: the place goes into the field beside it, and the field is sent.
() => {
  const inside = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));

  document.addEventListener("click", (event) => {
    const picture = event.target.closest?.(".cd-pick");
    const field = document.querySelector(".cd-pixel textarea, .cd-pixel input");
    if (!picture || !field) return;
    const box = picture.getBoundingClientRect();
    const x = inside((event.clientX - box.left) / box.width, Number(picture.dataset.width));
    const y = inside((event.clientY - box.top) / box.height, Number(picture.dataset.height));
    field.value = `${x}, ${y}`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    // The page takes the field's value over before the button asks for it.
    setTimeout(() => document.querySelector("button.cd-pick-go, .cd-pick-go button")?.click(), 60);
  });
}

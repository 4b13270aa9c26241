// The map: what a name is tied to stands out while it is pointed at or has the focus; the drawing as PNG.

const drawing = document.querySelector(".wide .map");
const button = document.getElementById("png");

function mark(iri) {
  drawing.classList.toggle("dimmed", Boolean(iri));
  for (const edge of drawing.querySelectorAll("[data-ends]")) {
    edge.classList.toggle("near", Boolean(iri) && edge.dataset.ends.split(" ").includes(iri));
  }
}

async function download() {
  const scale = 2;
  const width = Number(button.dataset.width);
  const height = Number(button.dataset.height);
  const image = new Image(width, height);
  image.src = button.dataset.svg;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = "map.png";
  link.click();
}

if (drawing) {
  for (const name of drawing.querySelectorAll("[data-node]")) {
    const show = () => mark(name.dataset.node);
    const hide = () => mark("");
    for (const event of ["mouseenter", "focusin"]) name.addEventListener(event, show);
    for (const event of ["mouseleave", "focusout"]) name.addEventListener(event, hide);
  }
}

if (button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await download();
    } catch {
      button.textContent = "PNG failed; take the SVG";
    } finally {
      button.disabled = false;
    }
  });
}

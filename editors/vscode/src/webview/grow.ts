// A text field as tall as its text; how tall it may become is the style's to say.

export function growWithText(field: HTMLTextAreaElement): () => void {
  const fit = () => {
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
  };
  field.addEventListener('input', fit);
  requestAnimationFrame(fit);
  return fit;
}

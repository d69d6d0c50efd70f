// A scroller that stays at its end while it is there, and is left alone by whoever scrolled up.
// In: the scroller and what tells that it was left. Out: `follow` after something was drawn.

const NEAR = 24;

export interface Follower {
  /** To the end, if it was there */
  follow(): void;
  toEnd(): void;
}

export function follower(scroller: HTMLElement, onChange: (atEnd: boolean) => void): Follower {
  let atEnd = true;
  let last = 0;

  const set = (value: boolean) => {
    if (value === atEnd) return;
    atEnd = value;
    onChange(value);
  };

  // Text that is added moves nothing; only a person (or what became shorter) scrolls up.
  scroller.addEventListener('scroll', () => {
    const { scrollTop, clientHeight, scrollHeight } = scroller;
    if (scrollTop + clientHeight >= scrollHeight - NEAR) set(true);
    else if (scrollTop < last - 1) set(false);
    last = scrollTop;
  });

  const toEnd = () => {
    scroller.scrollTop = scroller.scrollHeight;
    last = scroller.scrollTop;
    set(true);
  };
  const follow = () => {
    if (atEnd) toEnd();
  };
  new ResizeObserver(follow).observe(scroller);
  return { follow, toEnd };
}

// The page /redoc.
import { loadDocument } from './document.js';

Redoc.init(
  await loadDocument(),
  { disableGoogleFont: true, hideLoading: true, scrollYOffset: 'header.top' },
  document.querySelector('#redoc'),
);

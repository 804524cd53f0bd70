import 'fake-indexeddb/auto'

// What browsers have and happy-dom has not, as little as the code under test asks for.
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
}

import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Grey } from './pixels'

/** What is sent, pixel by pixel. */
export function Preview({ channels }: { channels: readonly Grey[] }) {
  const { t } = useTranslation()
  const canvas = useRef<HTMLCanvasElement>(null)
  const { width = 1, height = 1 } = channels[0] ?? {}
  useEffect(() => {
    const pen = canvas.current?.getContext('2d')
    if (!pen) return
    const pixels = new ImageData(width, height)
    for (let at = 0; at < width * height; at++) {
      for (let one = 0; one < 3; one++) {
        pixels.data[at * 4 + one] = channels[channels.length < 3 ? 0 : one]?.data[at] ?? 0
      }
      pixels.data[at * 4 + 3] = 255
    }
    pen.putImageData(pixels, 0, 0)
  }, [channels, width, height])
  return (
    <figure className="preview">
      <canvas ref={canvas} width={width} height={height} role="img" aria-label={t('predict:preview')} />
      <figcaption>{t('predict:sent', { width, height })}</figcaption>
    </figure>
  )
}

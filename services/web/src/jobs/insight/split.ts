import type { TFunction } from 'i18next'

/** The samples of a split in words: `validation samples`. */
export const splitText = (t: TFunction, split: string): string => t(`jobs:samplesIn.${split}`, { defaultValue: split })

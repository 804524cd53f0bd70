import { useParams } from 'wouter'
import { DatasetDetail } from '@/datasets/DatasetDetail'
import { DatasetList } from '@/datasets/DatasetList'
import '@/training/training.css'
import './sheet.css'
import '@/datasets/datasets.css'

export default function DatasetsPage() {
  const { id } = useParams<{ id?: string }>()
  return <main className="sheet">{id ? <DatasetDetail key={id} id={id} /> : <DatasetList />}</main>
}

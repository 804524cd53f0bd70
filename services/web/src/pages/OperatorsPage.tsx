import { useParams } from 'wouter'
import { OperatorDetail } from '@/library/OperatorDetail'
import { OperatorList } from '@/library/OperatorList'

export default function OperatorsPage() {
  const { name } = useParams<{ name?: string }>()
  return name === undefined ? <OperatorList /> : <OperatorDetail key={name} name={name} />
}

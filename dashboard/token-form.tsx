import { useId } from 'preact/hooks'
import { View } from './parts/page.tsx'
import { loadSession } from './session.ts'
import { bearer, keepToken } from './token.ts'

/** Asks for the token that the server wants; it is kept for this tab alone. */
export function TokenForm() {
  const id = useId()
  const take = (event: Event) => {
    event.preventDefault()
    const given = new FormData(event.currentTarget as HTMLFormElement).get('token')
    keepToken(String(given ?? '').trim())
    loadSession()
  }
  return (
    <View title="A token, please">
      <form class="token" onSubmit={take}>
        <p>
          {bearer() === undefined
            ? 'This server answers only to those who bring a token.'
            : 'The server does not know this token. It may have been replaced.'}{' '}
          Whoever runs the server gives it out; it may also come with the address, after{' '}
          <code>#token=</code>.
        </p>
        <label class="field" for={id}>
          <span>Token</span>
          <input id={id} name="token" type="password" autocomplete="off" required />
        </label>
        <button type="submit" class="primary">
          Open
        </button>
      </form>
    </View>
  )
}

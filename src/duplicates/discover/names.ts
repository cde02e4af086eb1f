type Test = (name: string) => boolean

/** The words of a column's name: `studentId` and `student_id` are one. */
const words = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()

const named = (pattern: RegExp): Test => {
  return (name) => pattern.test(words(name))
}

const either = (...lists: readonly string[]): string =>
  lists.flatMap((list) => list.split(' ')).join('|')

/** One of these words stands somewhere in the name. */
const having = (...lists: readonly string[]): Test =>
  named(new RegExp(`(^|_)(${either(...lists)})(_|$)`))

/** The name is one of these, or ends with it as a word. */
const ending = (...lists: readonly string[]): Test =>
  named(new RegExp(`(^|_)(${either(...lists)})$`))

/** Who did something to the row: never part of what the row is. */
export const isActor = ending('by by_id by_user_id creator_id editor_id approver_id')

/** When something was done to the row, and dates that belong to a person or to the paperwork. */
export const isAudit = having(
  'created updated modified changed deleted removed inserted completed finished cancell?ed',
  'submitted received generated closed ended expires? expiry expiration birth dob birthday',
  'processed sent paid synced seen login opened held',
)

/** When the thing itself takes place. */
export const isMoment = having(
  'starts? started begins? scheduled slot occurs? occurred period effective as_of bucket',
  'measured recorded sampled due departs? arrives?',
)

/** A period in one word: the month, the slot. */
export const isPeriod = ending(
  'period month year quarter week slot shift hour season semester term cycle round',
)

/** A place in a sequence. */
export const isNumber = ending(
  'number no seq sequence position line ordinal index version revision step rank attempt',
)

/** The column that numbers copies which somebody allowed. */
export const isCopies = named(/^cop(y|ies)(_(number|no|index))?$/)

/** What kind of thing the row is. */
export const isKind = ending('type kind category channel currency locale language metric')

/** Days of the week or the month. */
export const isDays = having('days? weekdays? dow dates')

/** The other end's name of the row, or the caller's name of the request: one each by nature. */
export const isToken = ending(
  'external_id ext_id remote_id foreign_id transaction_id message_id event_id',
  'provider_ref provider_reference idempotency_key idempotency_token request_key dedup_key',
  'dedupe_key',
)

/** A text in which people's spelling differs harmlessly. */
export const isAddress = ending('email e_mail email_address username user_name login')

/** A name that is given once. */
export const isCode = ending(
  'slug code sku iban vat_id vat_number handle isbn ean barcode serial reference ref number no',
)

/** What something else is called: the job of the run. */
export const isTitle = named(/^(?!.*(first|last|full|display|nick|middle|family|given)).+_name$/)

const TENANTS =
  'tenant org organi[sz]ation account company workspace team shop store merchant branch school ' +
  'clinic site'

/** Whoever a whole set of names belongs to. */
export const isTenant = named(new RegExp(`^(${either(TENANTS)})_(id|uuid)$`))

const SOURCES =
  'request run batch import job upload sync source template series parent previous next replaced ' +
  'original'

/** A reference to where the row came from, and not to what it is. */
export const isSource = named(new RegExp(`(^|_)(${either(SOURCES)})_(id|uuid)$`))

/** Any other reference; `id` alone is the row's own. */
export const isId = named(/._(id|uuid)$/)

const GONE = 'cancell?ed deleted archived removed revoked superseded discarded'
const AT = '(at|on|ts|time|date)'

/** True where the row no longer counts, and false where it does. */
export const isGoneFlag = named(new RegExp(`^(is_)?(${either(GONE, 'void voided')})$`))

/** True where the row is the one that counts. */
export const isLiveFlag = named(/^is_(active|current|live|latest)$/)

/** When the row ceased to count; NULL where it still does. */
export const isGoneTime = named(new RegExp(`^(${either(GONE, 'voided withdrawn')})_${AT}$`))

/** When the thing came to its end; NULL where it goes on. */
export const isEndTime = named(
  new RegExp(`^(${either('ended closed finished left expired')})_${AT}$|^valid_(to|until)$`),
)

/** In what state the row is. */
export const isState = ending('status state')

/** A state in which the row no longer counts. */
export const isGoneState = named(
  /cancel|delet|archiv|reject|void|fail|abort|revok|withdr|declin|expir|supersed|remov|error/,
)

/** A state in which the row is at its end, and makes room for the next. */
export const isDoneState = named(
  /complet|done|finish|ended|closed|paus|inactive|resolv|succe|settled|processed/,
)

/** When the row was made. */
export const isMade = named(new RegExp(`^(created|inserted|generated|added)(_${AT})?$`))

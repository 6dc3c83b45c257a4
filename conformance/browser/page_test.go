package browser_test

import "fmt"

// outcomeScript makes the outcome of a request: its status and, behind that, what the
// body is or, of an error, its code. It is empty where a page may not know it.
const outcomeScript = `
function outcome(status, body) {
	try { body = JSON.parse(body).error } catch {}
	return (status || "") + (body ? " " + body : "")
}`

// pageScript is in every page of the sites.
const pageScript = outcomeScript + `
async function send(method, address, mode) {
	try {
		const answer = await fetch(address, {method, mode, credentials: "include"})
		return outcome(answer.status, await answer.text())
	} catch (e) {
		return "unreadable"
	}
}
function submit(address) {
	const form = document.createElement("form")
	form.method = "POST"
	form.action = address
	document.body.append(form)
	form.submit()
}
// What a page is told by the one that embeds it.
addEventListener("message", async e => {
	if (e.data.script) e.source.postMessage({answer: await eval(e.data.script)}, "*")
})
function embed(address, sandbox) {
	return new Promise(resolve => {
		const frame = document.createElement("iframe")
		if (sandbox) frame.sandbox = sandbox
		frame.onload = () => resolve(true)
		frame.src = address
		document.body.append(frame)
	})
}
function tellFrame(script) {
	return new Promise(resolve => {
		addEventListener("message", e => resolve(e.data.answer), {once: true})
		frames[0].postMessage({script}, "*")
	})
}`

const pageHead = `<!doctype html><link rel="icon" href="data:,"><script>` + pageScript + `</script>`

// appScript is in a page that asks for data as soon as it is there, and refreshes for it.
// shown is the outcome of that.
const appScript = `
async function show() {
	const me = await send("GET", "/me", "cors")
	if (me !== "401 access_token_expired") return me
	const refreshed = await send("POST", "/refresh", "cors")
	return refreshed === "204" ? send("GET", "/me", "cors") : refreshed
}
const shown = show()`

// page is what a tab shows, or a frame in it.
type page struct {
	*profile
	// run evaluates JavaScript in it.
	run func(script string, result any) error
}

// value evaluates JavaScript that gives a string.
func (p page) value(script string) string {
	p.t.Helper()
	var value string
	if err := p.run(script, &value); err != nil {
		p.t.Fatal(err)
	}
	return value
}

// send has the page send a request with credentials, and returns its outcome:
// "unreadable" where the other origin allows this one nothing.
func (p page) send(method, address string) string {
	p.t.Helper()
	return p.value(fmt.Sprintf("send(%q, %q, %q)", method, address, "cors"))
}

// want fails the test unless the request that the page sends has that outcome.
func (p page) want(outcome, method, address string) {
	p.t.Helper()
	if got := p.send(method, address); got != outcome {
		p.t.Fatalf("%s %s: %q, want %q", method, address, got, outcome)
	}
}

// fire has the page send a request with credentials whose answer it doesn't ask for.
func (p page) fire(method, address string) {
	p.t.Helper()
	p.value(fmt.Sprintf("send(%q, %q, %q)", method, address, "no-cors"))
}

// embed puts a frame into the page, with that address.
func (p page) embed(address string) page {
	p.t.Helper()
	return p.frame(address, "")
}

// sandbox puts a frame into the page that may run scripts and has no origin.
func (p page) sandbox(address string) page {
	p.t.Helper()
	return p.frame(address, "allow-scripts")
}

func (p page) frame(address, sandbox string) page {
	p.t.Helper()
	if err := p.run(fmt.Sprintf("embed(%q, %q)", address, sandbox), nil); err != nil {
		p.t.Fatal(err)
	}
	return page{p.profile, func(script string, result any) error {
		return p.run(fmt.Sprintf("tellFrame(%q)", script), result)
	}}
}

package jwttoken_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// A token has one text: three parts of unpadded base64url with a dot between
// (RFC 7515 §7.1). Whatever else says the same, and whatever is a JWS or JWE in
// another form, is refused. Each is made of the genuine token beside it.
func TestAttacksOnTheForm(t *testing.T) {
	for _, alg := range []string{"HS256", "ES256"} {
		t.Run(alg, func(t *testing.T) {
			tokens := tokensOf(t, alg)
			own := fmt.Sprintf(`{"alg":%q,"typ":"at+jwt"}`, alg)
			honest := forge(t, alg, encode(own), encode(ownPayload))
			parts := strings.Split(honest, ".")
			header, payload, signature := parts[0], parts[1], parts[2]
			var attacks []attack
			for name, text := range map[string]string{
				"general JSON":   fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, payload, header, signature),
				"flattened JSON": fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, payload, header, signature),
				"flattened JSON without protected header": fmt.Sprintf(`{"payload":%q,"header":{"alg":"none"},"signature":""}`, payload),
				"JSON in base64url":                       encode(fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, payload, header, signature)),
				"JSON with dots in it":                    fmt.Sprintf(`{"payload":"%s","x":"..","protected":"%s","signature":"%s"}`, payload, header, signature),
				"five parts of a JWE":                     header + ".." + encode("iv") + "." + payload + "." + signature,
				"five parts":                              honest + "." + payload + "." + signature,
				"four parts":                              honest + "." + signature,
				"an empty fourth part":                    honest + ".",
				"an empty first part":                     "." + honest,
				"two parts":                               header + "." + payload,
				"one part":                                header,
				"no parts":                                "..",
				"nothing":                                 "",
				"detached payload":                        header + ".." + signature,
				"without header":                          "." + payload + "." + signature,
				"twice":                                   honest + honest,
				"two tokens":                              honest + "," + honest,
				"two tokens and a line break":             honest + "\n" + honest,
				"scheme in front":                         "Bearer " + honest,
				"quoted":                                  `"` + honest + `"`,
				"space in front":                          " " + honest,
				"space behind":                            honest + " ",
				"line break behind":                       honest + "\n",
				"NUL behind":                              honest + "\x00",
				"NUL and more behind":                     honest + "\x00.x",
				"byte order mark":                         "\ufeff" + honest,
				"other dots":                              strings.ReplaceAll(honest, ".", "\u2024"),
				"escaped dots":                            strings.ReplaceAll(honest, ".", "%2E"),
				"full-width letters":                      strings.Replace(honest, "e", "\uff45", 1),
				"other case":                              strings.ToUpper(honest),
				"header and payload swapped":              payload + "." + header + "." + signature,
				"oversized":                               honest + strings.Repeat("A", jwttoken.MaxTokenBytes),
				"oversized header":                        strings.Repeat("A", 1<<20) + "." + payload + "." + signature,
				"oversized payload":                       header + "." + strings.Repeat("A", 1<<20) + "." + signature,
				"oversized signature":                     header + "." + payload + "." + strings.Repeat("A", 1<<20),
				"a million dots":                          strings.Repeat(".", 1<<20),
			} {
				attacks = append(attacks, attack{name, text, honest})
			}
			damages := map[string]func(string) string{
				"padding":              func(p string) string { return p + "===="[:4-len(p)%4] },
				"one sign of padding":  func(p string) string { return p + "=" },
				"escaped padding":      func(p string) string { return p + "%3D" },
				"line break inside":    func(p string) string { return p[:8] + "\n" + p[8:] },
				"line break behind":    func(p string) string { return p + "\r\n" },
				"line break in front":  func(p string) string { return "\n" + p },
				"four line breaks":     func(p string) string { return p[:8] + "\r\n\r\n" + p[8:] },
				"space inside":         func(p string) string { return p[:8] + " " + p[8:] },
				"tab behind":           func(p string) string { return p + "\t" },
				"NUL inside":           func(p string) string { return p[:8] + "\x00" + p[8:] },
				"dash of base64":       func(p string) string { return "+" + p[1:] },
				"slash of base64":      func(p string) string { return p[:8] + "/" + p[9:] },
				"one character more":   func(p string) string { return p + "A" },
				"another last one":     otherLast,
				"character of no code": func(p string) string { return p[:8] + "~" + p[9:] },
				"byte above ASCII":     func(p string) string { return p[:8] + "\xe9" + p[9:] },
			}
			for name, damage := range damages {
				attacks = append(attacks,
					attack{name + " in the header", damage(header) + "." + payload + "." + signature, honest},
					attack{name + " in the payload", header + "." + damage(payload) + "." + signature, honest},
					attack{name + " in the signature", header + "." + payload + "." + damage(signature), honest},
					attack{name + " in the header, signed", forge(t, alg, damage(header), payload), honest},
					attack{name + " in the payload, signed", forge(t, alg, header, damage(payload)), honest})
			}
			repels(t, tokens, attacks)
			// The same bytes in the alphabet of base64, where they differ.
			for _, text := range []string{`,"x":">>>???"}`, `,"x":"ÿÿÿ>>"}`} {
				plain := strings.TrimSuffix(ownPayload, "}") + text
				token := forge(t, alg, encode(own), encode(plain))
				if _, err := tokens.Verify(token); err != nil {
					t.Errorf("%s is refused: %v", plain, err)
				}
				other := base64.RawStdEncoding.EncodeToString([]byte(plain))
				if other == encode(plain) {
					t.Fatalf("%s is the same in both alphabets", plain)
				}
				refuses(t, tokens, forge(t, alg, encode(own), other))
			}
		})
	}
}

// otherLast returns a part that decodes to the same bytes where bits are left over
// behind the last one, and to others where none are.
func otherLast(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + string(alphabet[last^1])
}

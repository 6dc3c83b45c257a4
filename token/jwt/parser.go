package jwttoken

import "github.com/golang-jwt/jwt/v5"

var errParser = tokenError("it is not a JWS that the key has signed")

// parse has the library's parser verify the token with the key, as strictly as it
// can but for times, which are core's to judge. It tells nothing of what stands in
// the token: this package reads that more strictly.
func (k *key) parse(token string) error {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{k.name}), jwt.WithStrictDecoding(),
		jwt.WithJSONNumber(), jwt.WithoutClaimsValidation())
	if _, err := parser.Parse(token, func(*jwt.Token) (any, error) { return k.public(), nil }); err != nil {
		return errParser
	}
	return nil
}

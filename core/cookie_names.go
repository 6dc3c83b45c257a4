package core

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

func previousWithDefaults(previous []Cookies) ([]Cookies, error) {
	filled := make([]Cookies, len(previous))
	for i, p := range previous {
		if len(p.Previous) > 0 {
			return nil, errors.New("Cookies: Previous has a Previous: list them side by side")
		}
		var err error
		if filled[i], err = p.withDefaults(); err != nil {
			return nil, fmt.Errorf("Previous[%d]: %w", i, err)
		}
	}
	return filled, nil
}

// checkNames says which name there is twice.
func (c Cookies) checkNames() error {
	seen := map[string]bool{}
	for _, of := range append([]Cookies{c}, c.Previous...) {
		for _, name := range [...]string{of.AccessTokenName, of.RefreshTokenName, of.SessionName} {
			if name != "" && seen[name] {
				return fmt.Errorf("Cookies: two are named %q", name)
			}
			seen[name] = true
		}
	}
	return nil
}

const (
	hostPrefix   = "__Host-"
	securePrefix = "__Secure-"
)

func withPrefix(prefix, name string) (string, error) {
	switch {
	case prefix == "":
		return name, nil
	case prefix != hostPrefix && prefix != securePrefix:
		return "", fmt.Errorf("Cookies: Prefix is %q: it must be %q or %q", prefix, hostPrefix, securePrefix)
	case hasPrefix(name, hostPrefix) || hasPrefix(name, securePrefix):
		return "", fmt.Errorf("Cookies: Prefix is set, and the name %q has one already", name)
	}
	return prefix + name, nil
}

// hasPrefix ignores case, as browsers do.
func hasPrefix(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// checkPrefix holds a cookie to what its name promises (RFC 6265bis §4.1.3).
func checkPrefix(c *http.Cookie) error {
	switch host := hasPrefix(c.Name, hostPrefix); {
	case (host || hasPrefix(c.Name, securePrefix)) && !c.Secure:
		return fmt.Errorf("the name %q demands Secure, and Insecure is set", c.Name)
	case host && c.Domain != "":
		return fmt.Errorf("the name %q allows no Domain", c.Name)
	case host && c.Path != "/":
		return fmt.Errorf("the name %q demands the path /", c.Name)
	}
	return nil
}

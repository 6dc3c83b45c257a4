// Package browser shows in a real Chromium what the cookies of package core are good
// for: who gets them, who can't, and how they go. Its tests have a login, a protected
// page, a refresh and a logout at sites of several names, all served over HTTPS by the
// test itself. It has no code of its own and is never released.
//
// Chromium is the machine's. Where there is none the tests are skipped and say what to
// install; where the environment variable CI is not empty they fail. It ends with the
// test, however that ends; a test that is killed leaves its temporary folder.
package browser

// Package child runs a store in a process of its own: one that can be killed, as
// Harness.Crash of package storetest asks for, or a second one next to the test's, as
// Harness.Peer does. The process is the test binary itself, started again.
//
//	func TestMain(m *testing.M) {
//		child.Main(map[string]child.Opener{"mystore": openFile})
//		os.Exit(m.Run())
//	}
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Harness{
//			Open: …,
//			Crash: func(t *testing.T) (core.RefreshStore, func() core.RefreshStore) {
//				path := filepath.Join(t.TempDir(), "tokens")
//				s := child.Start(t, "mystore", path)
//				return s, func() core.RefreshStore {
//					s.Kill()
//					s = child.Start(t, "mystore", path)
//					return s
//				}
//			},
//		})
//	}
package child

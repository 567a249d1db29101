package gateway

func serveForParent() bool { return false }

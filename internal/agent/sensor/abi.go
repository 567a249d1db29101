package sensor

import (
	"encoding/binary"

	"baize/internal/event"
)

// The constants and sizes of bpf/abi.h, which documents them.
const (
	kindFork = iota + 1
	kindExec
	kindExit
	kindRename
	kindCredentials
	kindPtrace
	kindCreate
	kindOpen
	kindFileRename
	kindLink
	kindUnlink
	kindAttributes
	kindMemfd
	kindConnect
	kindAccept
	kindListen
	kindClose
	kindDNS
	kindTask
	kindCloseWrite
	kindMount
	kindNamespace
	kindSignal
	kindControl
	kindModule
	kindBPF
	kindKexec
	kindSocket
)

const (
	tagChild = iota + 1
	tagFile
	tagPath
	tagString
	tagArgs
	tagEnv
	tagSocket
	tagCredentials
	tagNumber
	tagDNS
)

const (
	placeFile = iota
	placeCwd
	placeBase
	placeNewBase
	placeFd0
	placeOrigin = placeFd0 + 3
	places      = placeOrigin + 1
)

const (
	stringFilename = iota
	stringInterp
	stringTTY
	stringOldName
	stringNewName
	stringUserPath
	stringUserNewPath
	stringAttribute
	stringText
	stringObject
	stringType
	stringsCount
)

const (
	numberExitCode = iota
	numberResult
	numberRequest
	numberOpenFlags
	numberChange
	numberResponse
	numberPID
	numberMode
	numberFlags
	numberCode
	numberVia
	numberWay
	numbersCount
)

const (
	recordTruncated = 1 << iota
	recordArgsTruncated
	recordReadFailed
	recordEnvTruncated
)

const (
	taskKernelThread = 1
	fileDeleted      = 1
	fileElsewhere    = 2
	pathTruncated    = 1
	pathUnreachable  = 2
	pathPseudo       = 4
	socketInitiated  = 1
)

// Sizes of the structures, in bytes.
const (
	taskSize        = 104
	recordSize      = 16 + taskSize
	itemSize        = 4
	fileSize        = 48
	socketSize      = 72
	credentialsSize = 24
)

// kinds are the event kinds of the record kinds; task becomes a cold-start exec.
var kinds = map[uint16]event.Kind{
	kindFork:        event.ProcessFork,
	kindExec:        event.ProcessExec,
	kindExit:        event.ProcessExit,
	kindRename:      event.ProcessRename,
	kindCredentials: event.ProcessCredentials,
	kindPtrace:      event.ProcessPtrace,
	kindCreate:      event.FileCreate,
	kindOpen:        event.FileOpen,
	kindFileRename:  event.FileRename,
	kindLink:        event.FileLink,
	kindUnlink:      event.FileUnlink,
	kindAttributes:  event.FileAttributes,
	kindMemfd:       event.MemfdCreate,
	kindConnect:     event.NetworkConnect,
	kindAccept:      event.NetworkAccept,
	kindListen:      event.NetworkListen,
	kindClose:       event.NetworkClose,
	kindDNS:         event.DNSQuery,
	kindTask:        event.ProcessExec,
	kindCloseWrite:  event.FileCloseWrite,
	kindMount:       event.KernelMount,
	kindNamespace:   event.ProcessNamespace,
	kindSignal:      event.ProcessSignal,
	kindControl:     event.ProcessControl,
	kindModule:      event.KernelModule,
	kindBPF:         event.KernelBPF,
	kindKexec:       event.KernelKexec,
	kindSocket:      event.NetworkSocket,
}

// changes name the values of a change number.
var changes = [...]string{changeMode: "mode", changeOwner: "owner", changeXattr: "xattr", changeSize: "size"}

// order is the byte order of the programs: both targets are little-endian.
var order = binary.LittleEndian
